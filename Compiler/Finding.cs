using GShard.Compiler.IR;

namespace GShard.Compiler;

/// <summary>How much a finding matters.</summary>
public enum Severity
{
    /// <summary>Good to know: the compiler chose, and what it costs.</summary>
    Info,

    /// <summary>Probably not what was meant.</summary>
    Warning,

    /// <summary>No program can be made.</summary>
    Error,
}

/// <summary>Something the model's author should know, as a full sentence, at a place in the source.</summary>
public sealed record Finding(string Id, Severity Severity, string Message, Origin Origin);
