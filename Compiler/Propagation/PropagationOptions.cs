namespace GShard.Compiler.Propagation;

/// <summary>How far up the ladder propagation goes. The default is all of it.</summary>
public sealed record PropagationOptions
{
    /// <summary>The full ladder: user priority over operator priority over aggressive over basic.</summary>
    public static readonly PropagationOptions Default = new();

    /// <summary>Dims of a lower user priority join only after all higher ones have settled; false: all join at once.</summary>
    public bool UserPriority { get; init; } = true;

    /// <summary>Operators join in the order of <see cref="OpPriority"/>; false: all join at once.</summary>
    public bool OpPriority { get; init; } = true;

    /// <summary>Conflicts are settled by heuristic after basic propagation; false: axes in conflict stay where they are.</summary>
    public bool Aggressive { get; init; } = true;

    /// <summary>Axes are never broken into sub-axes on their way.</summary>
    public bool WholeAxesOnly { get; init; }
}
