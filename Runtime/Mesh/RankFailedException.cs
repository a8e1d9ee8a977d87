namespace GShard;

/// <summary>The first failure of a rank started by <see cref="DeviceMesh.RunInProcess(IReadOnlyList{ValueTuple{string, int}}, Action{DeviceMesh})"/>; its cause is the inner exception.</summary>
public sealed class RankFailedException : Exception
{
    internal RankFailedException(string message, int rank, Exception inner)
        : base(message, inner) => Rank = rank;

    /// <summary>The rank that failed first.</summary>
    public int Rank { get; }
}
