namespace GShard.Torch;

/// <summary>How <see cref="GlooGroup.AllReduce"/> makes one element of several.</summary>
public enum GlooReduction
{
    /// <summary>Their sum.</summary>
    Sum = 0,

    /// <summary>The largest.</summary>
    Max = 1,

    /// <summary>The smallest.</summary>
    Min = 2,
}
