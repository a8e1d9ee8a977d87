using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>How one tensor splits one factor.</summary>
internal sealed class FactorSplit
{
    /// <summary>The dim that holds the factor, or -1 where the tensor does not have it.</summary>
    public int Dim { get; set; } = -1;

    /// <summary>The axes along the factor, major to minor.</summary>
    public List<AxisPart> Axes { get; } = [];

    /// <summary>Axes of the dim that neither this factor nor a later one could take.</summary>
    public List<AxisPart> Overflow { get; } = [];

    /// <summary>Whether the factor may be split no further.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Whether it is the last factor of its dim.</summary>
    public bool IsLast { get; set; }

    /// <summary>Whether the tensor has the factor.</summary>
    public bool IsPresent => Dim >= 0;

    public void Clear()
    {
        Dim = -1;
        Axes.Clear();
        Overflow.Clear();
        IsClosed = false;
        IsLast = false;
    }
}
