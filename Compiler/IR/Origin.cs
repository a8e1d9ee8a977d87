namespace GShard.Compiler.IR;

/// <summary>
/// Where in the user's class an operation comes from: the member, the value's name there, and a span of text whose meaning is the reader's.
/// </summary>
public sealed record Origin(string Member, string? Value, int Start, int Length)
{
    /// <summary>Of operations that no source line asked for.</summary>
    public static readonly Origin None = new("", null, 0, 0);

    /// <summary>Whether the backward is to compute the operation's results again instead of keeping them, wherever else it comes from.</summary>
    public bool IsRematerialized { get; init; }
}
