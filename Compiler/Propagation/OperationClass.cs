namespace GShard.Compiler.Propagation;

/// <summary>The classes of operators that operator priority tells apart.</summary>
public enum OperationClass
{
    /// <summary>None of the others: products, reductions, gathers, …</summary>
    Other,

    /// <summary>A data-flow edge; not an operator of the program. Edges are looked at before all operators.</summary>
    DataFlow,

    /// <summary>Element by element; operands and results have the same shape.</summary>
    Pointwise,

    /// <summary>The same elements in the same order under another shape.</summary>
    Reshape,

    /// <summary>The same dims in another order.</summary>
    Transpose,

    /// <summary>The operand is repeated along new dims.</summary>
    Broadcast,

    /// <summary>A slice at a position known at run time only, or its update.</summary>
    DynamicSlice,
}
