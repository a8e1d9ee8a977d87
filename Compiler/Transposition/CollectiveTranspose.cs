using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Transposition;

/// <summary>
/// The transposes of the communication operations, per axis:
/// all_reduce (a maximum's and minimum's too: amax's own derivative masks by the global one) and keep_on_first → identity; reduce_scatter → all_gather; all_gather → reduce_scatter of a partial cotangent, slice of a
/// complete one; slice → all_gather; all_to_all → all_to_all back; zero_pad → slice.
/// </summary>
/// <remarks>Each is the reshard of the cotangent to the dual of the operand's placement, so one rule serves all.</remarks>
internal static class CollectiveTranspose
{
    public static bool Applies(Operation operation) => operation.Name is
        "all_reduce" or "all_reduce_max" or "all_reduce_min" or "reduce_scatter" or "all_gather" or "all_to_all" or "slice" or "zero_pad" or "keep_on_first";

    public static void Run(Operation operation, BlockBuilder builder, Cotangents cotangents)
    {
        var operand = operation.Operands[0];
        var dual = Cotangents.Dual(operand.Tensor.Sharding);

        // A gathered value's cotangent is not completed first: its partial sums go to the split placement by one reduce-scatter.
        var cotangent = operation.Name == "all_gather" ? cotangents.Complete(operation.Result, dual) : cotangents.Complete(operation.Result);
        if (cotangent is not null) cotangents.Add(operand, builder.Reshard(cotangent, dual, Names.Cotangent(operand.Name)));
    }
}
