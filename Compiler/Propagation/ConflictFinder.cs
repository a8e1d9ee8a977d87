using System.Collections.Immutable;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// Finds the operations that no single partitioning suits, after propagation has settled. The claim that stands is a result's (there
/// the heuristic has decided) before an operand's, then that of the larger tensor, then of the earlier one.
/// </summary>
internal static class ConflictFinder
{
    public static ImmutableArray<PropagationConflict> Find(PropagationProblem problem, ValueState[] states, Provenance provenance)
    {
        var conflicts = ImmutableArray.CreateBuilder<PropagationConflict>();
        var projection = new FactorProjection();
        var longest = new List<(int Tensor, int Factor)>();
        for (var operation = 0; operation < problem.Operations.Length; operation++)
        {
            var described = problem.Operations[operation];
            if (described.Rule is not { } rule || described.Direction != PropagationDirection.Both) continue;
            if (MeshAgreement.Of(described, states, problem.Mesh) is not { } mesh) continue;
            projection.Load(described, rule, mesh, states);
            if (!AnyClash(projection, longest)) continue;
            foreach (var (winner, loser, at) in Clashes(projection))
                conflicts.Add(new(operation, Claim(winner, at), Claim(loser, at)));

            FactorClaim Claim((int Tensor, int Factor) claim, AxisPart at)
            {
                var (value, split) = (described.Tensor(claim.Tensor), projection[claim.Tensor, claim.Factor]);
                var axis = split.Axes.FindIndex(held => held.Beside(at) != held);
                var part = split.Axes[axis < 0 ? split.Axes.Count - 1 : axis];
                var origin = provenance.Origin(value, split.Dim, part.ToRef(mesh));
                var isClosed = !problem.Values[origin.Value].Sharding.Dims[origin.Dim].IsOpen;
                var axes = split.Axes.Select(a => a.ToRef(mesh)).ToImmutableArray();
                return new(claim.Factor, claim.Tensor, value, split.Dim, axes, origin, isClosed);
            }
        }

        return conflicts.ToImmutable();
    }

    /// <summary>Whether any two claims clash; most operations have none, and those cost no more than this.</summary>
    private static bool AnyClash(FactorProjection projection, List<(int Tensor, int Factor)> longest)
    {
        longest.Clear();
        for (var tensor = 0; tensor < projection.Tensors; tensor++)
            for (var factor = 0; factor < projection.Factors; factor++)
            {
                var axes = projection[tensor, factor].Axes;
                if (axes.Count == 0 || projection.Rule.Factors[factor].Kind == FactorKind.Blocked) continue;
                var same = -1;
                for (var i = 0; i < longest.Count; i++)
                {
                    if (ClashOf(projection, longest[i], (tensor, factor)) is not null) return true;
                    if (longest[i].Factor == factor) same = i;
                }

                if (same < 0) longest.Add((tensor, factor));
                else if (axes.Count > projection[longest[same].Tensor, factor].Axes.Count) longest[same] = (tensor, factor);
            }

        return false;
    }

    private static List<((int Tensor, int Factor) Winner, (int Tensor, int Factor) Loser, AxisPart At)> Clashes(
        FactorProjection projection)
    {
        var clashes = new List<((int Tensor, int Factor) Winner, (int Tensor, int Factor) Loser, AxisPart At)>();
        var standing = new List<(int Tensor, int Factor)>();
        foreach (var claim in Claims(projection))
        {
            var split = projection[claim.Tensor, claim.Factor];
            var clash = standing.Select(s => (Winner: s, At: ClashOf(projection, s, claim))).FirstOrDefault(c => c.At is not null);
            if (clash.At is { } at)
            {
                if (!clashes.Any(c => c.Winner == clash.Winner && c.Loser.Factor == claim.Factor && SameAxes(projection, c.Loser, claim)))
                    clashes.Add((clash.Winner, claim, at));
                continue;
            }

            var same = standing.FindIndex(s => s.Factor == claim.Factor);
            if (same < 0) standing.Add(claim);
            else if (split.Axes.Count > projection[standing[same].Tensor, claim.Factor].Axes.Count) standing[same] = claim;
        }

        return clashes;
    }

    private static bool SameAxes(FactorProjection projection, (int Tensor, int Factor) a, (int Tensor, int Factor) b) =>
        AxisList.Compare(projection[a.Tensor, a.Factor].Axes, projection[b.Tensor, b.Factor].Axes, out _, out _) == AxisList.Relation.Equal;

    private static IEnumerable<(int Tensor, int Factor)> Claims(FactorProjection projection)
    {
        var claims = new List<(int Tensor, int Factor)>();
        for (var tensor = 0; tensor < projection.Tensors; tensor++)
            for (var factor = 0; factor < projection.Factors; factor++)
                if (projection[tensor, factor].Axes.Count > 0 && projection.Rule.Factors[factor].Kind != FactorKind.Blocked)
                    claims.Add((tensor, factor));
        return claims
            .OrderBy(c => c.Tensor < projection.Operands ? 1 : 0)
            .ThenByDescending(c => projection.Elements(c.Tensor))
            .ThenBy(c => c.Tensor)
            .ThenBy(c => c.Factor);
    }

    /// <summary>The axis of <paramref name="claim"/> that cannot stand beside a claim that stands; null where there is none.</summary>
    private static AxisPart? ClashOf(FactorProjection projection, (int Tensor, int Factor) standing, (int Tensor, int Factor) claim)
    {
        var (held, wanted) = (projection[standing.Tensor, standing.Factor].Axes, projection[claim.Tensor, claim.Factor].Axes);
        if (standing.Factor == claim.Factor)
            return AxisList.Compare(held, wanted, out var common, out _) == AxisList.Relation.Diverged
                ? wanted[Math.Min(common, wanted.Count - 1)]
                : null;
        foreach (var axis in wanted)
            foreach (var used in held)
                if (axis.Beside(used) != axis) return axis;
        return null;
    }
}
