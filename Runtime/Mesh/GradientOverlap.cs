namespace GShard;

/// <summary>Which exchanges of gradients go on beside a rank's backward. It is the same on every rank, as what is started and what is called do not meet.</summary>
internal sealed class GradientOverlap
{
    /// <summary>Whether any do.</summary>
    public bool IsOn { get; set; }

    /// <summary>The least that does: less has been exchanged before another thread would begin with it.</summary>
    public long LeastBytes { get; set; } = 256 << 10;
}
