namespace GShard.Compiler.Shardings;

/// <summary>The reduction that a partial value still lacks over an axis.</summary>
public enum Reduction
{
    /// <summary>The true value is the sum over the axis.</summary>
    Sum,

    /// <summary>The true value is the maximum over the axis.</summary>
    Max,

    /// <summary>The true value is the minimum over the axis.</summary>
    Min,
}

/// <summary>An axis over which a value is partial.</summary>
public readonly record struct PartialAxis(AxisRef Axis, Reduction Reduction = Reduction.Sum);
