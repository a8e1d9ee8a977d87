namespace GShard;

/// <summary>A collective that could not be carried out: ranks that disagree on it, a rank that never came, or a failure elsewhere that ended it.</summary>
public sealed class CollectiveException : Exception
{
    internal CollectiveException(string message, int rank, string collective, bool isConsequence = false, Exception? inner = null)
        : base(message, inner)
    {
        Rank = rank;
        Collective = collective;
        IsConsequence = isConsequence;
    }

    /// <summary>The rank at fault: the one that disagrees or is missing, or that failed first.</summary>
    public int Rank { get; }

    /// <summary>The collective and its axis, as in <c>AllReduce over 'data'</c>.</summary>
    public string Collective { get; }

    /// <summary>Whether this rank was only ended by another's failure.</summary>
    internal bool IsConsequence { get; }
}
