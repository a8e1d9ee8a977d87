using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Transposition;

/// <summary>
/// The transposes of the communication operations, per axis:
/// all_reduce (a maximum's and minimum's too: amax's own derivative masks by the global one) and keep_on_first → identity; reduce_scatter → all_gather; all_gather → reduce_scatter of a partial cotangent, slice of a
/// complete one; slice → all_gather; all_to_all → all_to_all back; collective_permute → collective_permute back; zero_pad → slice; window ↔ window_add.
/// </summary>
/// <remarks>Each but the last is the reshard of the cotangent to the dual of the operand's placement, so one rule serves all.</remarks>
internal static class CollectiveTranspose
{
    public static bool Applies(Operation operation) => operation.Name is
        "all_reduce" or "all_reduce_max" or "all_reduce_min" or "reduce_scatter" or "all_gather" or "all_to_all" or "slice" or "zero_pad" or "keep_on_first" or "window" or "window_add" or "collective_permute";

    public static void Run(Operation operation, BlockBuilder builder, Cotangents cotangents)
    {
        var operand = operation.Operands[0];
        if (operation.Name is "window" or "window_add")
        {
            RunWindow(operation, operand, builder, cotangents);
            return;
        }

        var dual = Cotangents.Dual(operand.Tensor.Sharding);

        // A gathered value's cotangent is not completed first: its partial sums go to the split placement by one reduce-scatter.
        var cotangent = operation.Name == "all_gather" ? cotangents.Complete(operation.Result, dual) : cotangents.Complete(operation.Result);
        if (cotangent is not null) cotangents.Add(operand, builder.Reshard(cotangent, dual, Names.Cotangent(operand.Name)));
    }

    /// <summary>What windows look at is added where it lies; what lies beyond the dim, whatever it was filled with, has no cotangent.</summary>
    private static void RunWindow(Operation operation, Value operand, BlockBuilder builder, Cotangents cotangents)
    {
        if (cotangents.Complete(operation.Result) is not { } cotangent) return;
        var attributes = operation.Attributes.Where(a => a.Key != "fill").Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value));
        var type = operand.Tensor with { Sharding = Cotangents.Dual(operand.Tensor.Sharding) };
        cotangents.Add(operand, builder.Add(operation.Name == "window" ? "window_add" : "window", attributes, [cotangent], [type], [Names.Cotangent(operand.Name)])[0]);
    }
}
