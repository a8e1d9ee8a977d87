namespace GShard;

/// <summary>What a mesh is made of: ranks, and the groups in which they meet. One of threads, one of processes.</summary>
internal abstract class RankWorld
{
    public abstract MeshShape Shape { get; }

    /// <summary>How long a rank waits for the others in one collective.</summary>
    public abstract TimeSpan Timeout { get; set; }

    /// <summary>Whether exchanges of gradients go on beside the rest of the backward, unless a rank's mesh says otherwise.</summary>
    public virtual bool OverlapsGradients => false;

    /// <summary>The last collectives of a rank that this process runs.</summary>
    public abstract CollectiveLog Log(int rank);

    /// <summary>One member's view of the group of some ranks.</summary>
    /// <param name="name">The axis.</param>
    /// <param name="ranks">The ranks, by member.</param>
    /// <param name="member">Which of them it is.</param>
    public abstract CollectiveGroup Join(string name, int[] ranks, int member);

    /// <summary>Called when a rank disposes its mesh.</summary>
    public abstract void Leave();
}
