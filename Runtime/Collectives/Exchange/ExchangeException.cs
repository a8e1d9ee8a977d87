namespace GShard;

/// <summary>An exchange that a backend could not carry out, with its message.</summary>
internal sealed class ExchangeException(string message, Exception? inner = null) : Exception(message, inner);
