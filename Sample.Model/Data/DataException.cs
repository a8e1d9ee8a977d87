namespace Sample.Model.Data;

/// <summary>A catalog is missing, truncated or not what its format says.</summary>
public sealed class DataException : InputException
{
    public DataException(string message) : base(message) { }

    public DataException(string message, Exception inner) : base(message, inner) { }
}
