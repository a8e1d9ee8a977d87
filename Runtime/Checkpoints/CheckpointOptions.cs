namespace GShard;

/// <summary>How a <see cref="CheckpointDirectory"/> saves and loads.</summary>
public sealed record CheckpointOptions
{
    /// <summary>How many checkpoints are kept: the last ones saved. 3 by default; at least 1.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>
    /// Whether loading reads all files, each on one of the ranks, to hold them against their checksums. True by default; without it each rank reads only
    /// the parts of tensors that it needs, and a changed byte within them is not found.
    /// </summary>
    public bool VerifyChecksums { get; init; } = true;

    /// <summary>How long a save waits for the parts of other ranks while nothing of them grows; 5 minutes by default.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);
}
