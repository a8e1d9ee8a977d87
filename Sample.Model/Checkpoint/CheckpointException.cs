namespace Sample.Model.Checkpoint;

/// <summary>A checkpoint is missing, damaged, or holds other weights than the model has.</summary>
public sealed class CheckpointException : InputException
{
    public CheckpointException(string message) : base(message) { }

    public CheckpointException(string message, Exception inner) : base(message, inner) { }
}
