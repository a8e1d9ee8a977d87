namespace GShard.Compiler.Shardings;

/// <summary>Lists of axes, major to minor: the longest beginning that two have in common, and joining neighbours that are parts of one axis.</summary>
internal static class AxisList
{
    /// <summary>Appends a part, joined with the last one where it continues it.</summary>
    public static void Append(List<AxisPart> axes, AxisPart part)
    {
        if (axes.Count > 0 && axes[axes.Count - 1].IsContinuedBy(part)) axes[axes.Count - 1] = axes[axes.Count - 1].Join(part);
        else axes.Add(part);
    }

    /// <summary>
    /// Compares two lists: <see cref="Relation.Equal"/>, one a beginning of the other, or diverged. Where they diverge,
    /// <paramref name="common"/> whole parts agree, and <paramref name="rest"/> is what the next two parts have in common.
    /// </summary>
    public static Relation Compare(List<AxisPart> a, List<AxisPart> b, out int common, out AxisPart? rest)
    {
        rest = null;
        for (common = 0; common < a.Count && common < b.Count; common++)
        {
            var (x, y) = (a[common], b[common]);
            if (x == y) continue;
            rest = x.CommonMajor(y);
            if (rest == x && common == a.Count - 1) return Relation.Shorter;
            if (rest == y && common == b.Count - 1) return Relation.Longer;
            return Relation.Diverged;
        }

        return a.Count == b.Count ? Relation.Equal : a.Count < b.Count ? Relation.Shorter : Relation.Longer;
    }

    /// <summary>How the first of two lists stands to the second.</summary>
    public enum Relation
    {
        Equal,
        Shorter,
        Longer,
        Diverged,
    }
}
