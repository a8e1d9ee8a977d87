namespace GShard;

/// <summary>A checkpoint that cannot be read, or does not fit the model.</summary>
public sealed class CheckpointException : Exception
{
    internal CheckpointException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
