namespace GShard;

/// <summary>The ranks could not be started together: the environment is not what a launcher sets, a rank did not come, or one was started otherwise.</summary>
public sealed class LaunchException : Exception
{
    internal LaunchException(string message)
        : base(message)
    {
    }

    internal LaunchException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Whether another rank is at fault.</summary>
    internal bool IsConsequence { get; init; }
}
