namespace GShard.Runtime.Tests;

/// <summary>How a test cuts a model: a mesh, and what its parameters are split by.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Axes">The mesh.</param>
/// <param name="Placements">Of the first parameter, <c>[6, 10, 4]</c>; the others are replicated.</param>
/// <param name="Devices">The mesh in another order, or null.</param>
/// <param name="ZeroAxis">The axis that the optimizer's state is split over, or null.</param>
internal sealed record Cut(string Name, (string, int)[] Axes, Placement[] Placements, int[]? Devices = null, string? ZeroAxis = null)
{
    public static readonly Cut[] All =
    [
        new("one rank", [("a", 1)], [Placement.Split(0, "a")]),
        new("two ranks", [("a", 2)], [Placement.Split(0, "a")]),
        new("uneven", [("a", 4)], [Placement.Split(0, "a", uneven: true)]),
        new("chunks of chunks", [("a", 2), ("b", 2)], [Placement.Split(1, "a", uneven: true), Placement.Split(1, "b", uneven: true)]),
        new("two dims", [("a", 2), ("b", 3)], [Placement.Split(2, "a"), Placement.Split(0, "b")]),
        new("another order", [("a", 2), ("b", 2)], [Placement.Split(1, "b")], Devices: [3, 1, 0, 2]),
        new("shares", [("a", 3)], [], ZeroAxis: "a"),
        new("shares of parts", [("a", 2), ("b", 2)], [Placement.Split(2, "b")], ZeroAxis: "a"),
    ];

    public static Cut Named(string name) => All.Single(cut => cut.Name == name);
}
