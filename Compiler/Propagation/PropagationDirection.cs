namespace GShard.Compiler.Propagation;

/// <summary>Which way shardings may pass through an operation.</summary>
[Flags]
public enum PropagationDirection
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>From operands to results.</summary>
    Forward = 1,

    /// <summary>From results to operands.</summary>
    Backward = 2,

    /// <summary>Both ways, and from one operand to another.</summary>
    Both = Forward | Backward,
}
