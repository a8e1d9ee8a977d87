using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>What is left to do, per dim: source axes that must go (in) and target axes that must come (out), without those in common at the front.</summary>
/// <param name="In">Per dim, the remaining source axes, major to minor.</param>
/// <param name="Out">Per dim, the remaining target axes, major to minor.</param>
internal sealed record Remainders(List<AxisPart>[] In, List<AxisPart>[] Out)
{
    public bool IsEmpty => In.All(axes => axes.Count == 0) && Out.All(axes => axes.Count == 0);

    public static Remainders Of(ShardLayout current, ShardLayout target)
    {
        var common = current.Axes.Zip(target.Axes, (a, b) => a.Zip(b, (x, y) => x == y).TakeWhile(same => same).Count()).ToArray();
        return new(
            [.. current.Axes.Select((axes, dim) => axes.Skip(common[dim]).ToList())],
            [.. target.Axes.Select((axes, dim) => axes.Skip(common[dim]).ToList())]);
    }

    /// <summary>Whether a remaining source axis is wanted anywhere.</summary>
    public bool IsWanted(AxisPart part) => Out.Any(axes => axes.Contains(part));
}
