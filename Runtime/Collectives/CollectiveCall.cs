using System.Globalization;
using static TorchSharp.torch;

namespace GShard;

/// <summary>What a rank publishes when it meets the others: the collective it is in and where its memory is.</summary>
internal sealed record CollectiveCall
{
    public required CollectiveKind Kind { get; init; }

    public ScalarType Dtype { get; init; }

    public long[] Shape { get; init; } = [];

    /// <summary>The dimension that is gathered, scattered or split; the source rank of a broadcast; the value of a host reduction.</summary>
    public long First { get; init; }

    /// <summary>The dimension that an all-to-all concatenates.</summary>
    public long Second { get; init; }

    /// <summary>In whole multiples of what the dimension is cut that is scattered or split.</summary>
    public long Granule { get; init; } = 1;

    /// <summary>The destination of each rank in a permutation.</summary>
    public int[] Destinations { get; init; } = [];

    /// <summary>What several operands are in the collective, each for itself; empty where there is one.</summary>
    public CollectiveCall[] Parts { get; init; } = [];

    /// <summary>The windows that are exchanged.</summary>
    public SlidingWindow? Window { get; init; }

    /// <summary>The member of the program that called it; known only where calls are compared in full.</summary>
    public string? Site { get; init; }

    /// <summary>Where the operand is, among the ranks of one process or once it has arrived.</summary>
    public nint Input { get; set; }

    public nint Output { get; init; }

    /// <summary>The collective with its operand, as in <c>AllToAll(f32[4, 8], 0, 1)</c>.</summary>
    public override string ToString() => Kind switch
    {
        CollectiveKind.Barrier => "Barrier()",
        CollectiveKind.GlobalSize => string.Create(CultureInfo.InvariantCulture, $"GlobalSize({First})"),
        CollectiveKind.AllGather or CollectiveKind.ReduceScatter when Parts.Length > 0 => $"{Kind}({string.Join(", ", Parts.Select(part => $"{part.Operand} dim {part.First}"))})",
        CollectiveKind.AllGather or CollectiveKind.ReduceScatter => $"{Kind}({Operand}, dim {First}{InMultiples})",
        CollectiveKind.AllToAll => $"AllToAll({Operand}, split {First}, concat {Second}{InMultiples})",
        CollectiveKind.Window or CollectiveKind.WindowAdd => $"{Kind}({Operand}, dim {First}, {Window})",
        CollectiveKind.Broadcast => $"Broadcast({Operand}, source {First})",
        CollectiveKind.Permute => $"Permute({Operand}, [{string.Join(", ", Destinations)}])",
        _ when Parts.Length > 0 => $"{Kind}({string.Join(", ", Parts.Select(part => part.Operand))})",
        _ => $"{Kind}({Operand})",
    };

    private string InMultiples => Granule == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", in multiples of {Granule}");

    /// <summary>The operand's type, as in <c>f32[4, 8]</c>.</summary>
    public string Operand => $"{ElementType.Name(Dtype)}[{string.Join(", ", Shape)}]";
}
