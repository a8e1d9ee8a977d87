using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>A sharding while a plan is made: the axes of each dim and the partial ones, as parts that can be compared and cut.</summary>
internal sealed class ShardLayout
{
    private ShardLayout(List<AxisPart>[] axes, List<(AxisPart Part, Reduction Reduction)> partial) => (Axes, Partial) = (axes, partial);

    public List<AxisPart>[] Axes { get; }

    public List<(AxisPart Part, Reduction Reduction)> Partial { get; }

    /// <summary>All parts that are in use: on dims, or partial.</summary>
    public IEnumerable<AxisPart> Parts => Axes.SelectMany(a => a).Concat(Partial.Select(p => p.Part));

    public static ShardLayout Of(TensorSharding sharding, Mesh mesh) => new(
        [.. sharding.Dims.Select(d => d.Axes.Select(a => AxisPart.Of(a, mesh)).ToList())],
        [.. sharding.Partial.Select(p => (AxisPart.Of(p.Axis, mesh), p.Reduction)).OrderBy(p => p.Item1.Axis)]);

    public ShardLayout Copy() => new([.. Axes.Select(a => a.ToList())], [.. Partial]);

    /// <summary>The sharding, every dim closed and parts of one axis joined.</summary>
    public TensorSharding ToSharding(Mesh mesh)
    {
        var dims = Axes.Select(axes => new DimSharding(Joined(axes, mesh), false)).ToImmutableArray();
        var partial = Partial
            .GroupBy(p => p.Reduction)
            .SelectMany(g => Joined(g.Select(p => p.Part), mesh).Select(a => new PartialAxis(a, g.Key)))
            .ToImmutableArray();
        return new(dims, [], partial);
    }

    /// <summary>Parts side by side as axes, those of one axis joined.</summary>
    public static ImmutableArray<AxisRef> Joined(IEnumerable<AxisPart> parts, Mesh mesh)
    {
        var joined = new List<AxisPart>();
        foreach (var part in parts) AxisList.Append(joined, part);
        return [.. joined.Select(p => p.ToRef(mesh))];
    }

    /// <summary>
    /// Cuts the parts of both layouts so that two that overlap are the same, as far as the cuts of an axis divide one another.
    /// </summary>
    public static void Align(ShardLayout a, ShardLayout b)
    {
        foreach (var axis in a.Parts.Concat(b.Parts).GroupBy(p => p.Axis).ToList())
        {
            var cuts = axis.SelectMany(p => new[] { p.PreSize, p.PreSize * p.Size }).Distinct().OrderBy(c => c).ToList();
            if (cuts.Count == 2 || !Enumerable.Range(1, cuts.Count - 1).All(i => cuts[i] % cuts[i - 1] == 0)) continue;
            a.CutAt(axis.Key, cuts);
            b.CutAt(axis.Key, cuts);
        }
    }

    private void CutAt(int axis, List<long> cuts)
    {
        foreach (var axes in Axes)
        {
            var parts = axes.SelectMany(Pieces).ToList();
            axes.Clear();
            axes.AddRange(parts);
        }

        var partial = Partial.SelectMany(p => Pieces(p.Part).Select(piece => (piece, p.Reduction))).ToList();
        Partial.Clear();
        Partial.AddRange(partial);

        IEnumerable<AxisPart> Pieces(AxisPart part)
        {
            if (part.Axis == axis)
                foreach (var cut in cuts)
                {
                    if (cut <= part.PreSize || cut >= part.PreSize * part.Size) continue;
                    yield return part.Major(cut / part.PreSize);
                    part = part.After(cut / part.PreSize);
                }

            yield return part;
        }
    }
}
