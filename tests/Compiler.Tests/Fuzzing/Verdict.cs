namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>How a check ended.</summary>
internal enum Outcome
{
    /// <summary>Ranks and plain program agree.</summary>
    Passed,

    /// <summary>The compiler refused the program with a sentence for its author.</summary>
    Refused,

    /// <summary>The values drawn lie at a kink; the case says nothing.</summary>
    Rough,

    /// <summary>The compiler or its program is wrong.</summary>
    Failed,
}

/// <summary>The outcome of a check, the kind of refusal or failure, and what was seen on the way.</summary>
internal sealed record Verdict(Outcome Outcome, string Kind = "", string Message = "")
{
    /// <summary>Collectives that ran.</summary>
    public IReadOnlyList<string> Collectives { get; init; } = [];

    /// <summary>Values of the local programs that lie split.</summary>
    public int Splits { get; init; }
}

/// <summary>A check found the compiler or its program wrong.</summary>
internal sealed class WrongException(string kind, string message) : Exception(message)
{
    public string Kind => kind;
}
