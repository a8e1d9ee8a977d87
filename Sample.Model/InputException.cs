namespace Sample.Model;

/// <summary>What was given cannot be used: options, catalogs or a checkpoint. Its message is one sentence for the user; the exit code is 2.</summary>
public class InputException : Exception
{
    public InputException(string message) : base(message) { }

    public InputException(string message, Exception inner) : base(message, inner) { }
}
