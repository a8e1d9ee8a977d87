namespace GShard;

/// <summary>How the ranks' elements become one.</summary>
internal enum Reduction
{
    Sum,
    Max,
    Min,
}
