using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Passes;

/// <summary>
/// Tells operators that count positions in the whole tensor where this rank's part begins: those that look up by index, make a tensor
/// from positions, or judge positions against a diagonal.
/// <code>
/// before  y = embedding(weight: float[V@model,M], ids)
/// after   first: !size = chunk_offset[model, size=V]()   y = embedding[offset=first](weight, ids)
/// </code>
/// </summary>
internal static class GlobalIndices
{
    /// <summary>The operation's constants for this rank; null where the operator does not count positions, or counts only whole dims.</summary>
    public static Attributes? Of(Operation operation, SizeTable sizes)
    {
        var call = OperatorCall.Of(operation);
        var attributes = SizeReferences.Replace(operation.Attributes, sizes.Global);
        return operation.Name switch
        {
            "embedding" or "embedding_bag" => Looked(operation.Operands[0], 0),
            "gather" or "index_select" or "scatter_add" or "scatter" or "index_add" or "index_copy" => Looked(operation.Operands[0], call.Dim()),
            "select" => Looked(operation.Operands[0], call.Dim()) is { } looked
                ? looked.With("index", attributes.Size("index") is { Value: < 0 } index ? index + sizes.Global(call.Operand(0).Dims[call.Dim()]) : attributes.Size("index"))
                : null,
            "embedding_backward" => Looked(operation.Result, 0)?.With("rows", sizes.Local(operation.Result.Tensor.Dims[0], Axes(operation.Result, 0))),
            "one_hot" => Last(operation.Result) is var last && Looked(operation.Result, last) is { } offset
                ? offset.With("classes", sizes.Local(operation.Result.Tensor.Dims[last], Axes(operation.Result, last)))
                : null,
            "arange" when IsSplit(operation.Result, 0) => Arange(operation, attributes, sizes),
            "tril" or "triu" or "triangular_mask" => Diagonal(operation, attributes, sizes),
            "amax" or "amin" when call.Dims().Any(d => IsSplit(operation.Operands[0], d)) => attributes.With("of_shard", true),
            "max_dim" or "min_dim" or "topk" when attributes.Has("of_shard") =>
                attributes.With("of_shard", sizes.Offset(operation.Attributes.Size("of_shard"), Axes(operation.Operands[0], call.Dim()))),
            _ => null,
        };

        Attributes? Looked(Value value, int dim) => IsSplit(value, dim) ? attributes.With("offset", sizes.Offset(value.Tensor.Dims[dim], Axes(value, dim))) : null;
    }

    private static Attributes Arange(Operation operation, Attributes attributes, SizeTable sizes)
    {
        var type = operation.Result.Tensor;
        var start = (attributes.Has("start") ? attributes.Size("start") : Dim.Zero) + sizes.Offset(type.Dims[0], type.Sharding.Dims[0].Axes);
        return attributes.With("start", start).With("end", start + sizes.Local(type.Dims[0], type.Sharding.Dims[0].Axes));
    }

    /// <summary>Column - row of an element is by the difference of the offsets less than in the whole.</summary>
    private static Attributes? Diagonal(Operation operation, Attributes attributes, SizeTable sizes)
    {
        var result = operation.Result;
        var (row, column) = (Last(result) - 1, Last(result));
        if (!IsSplit(result, row) && !IsSplit(result, column)) return null;
        Dim Offset(int dim) => IsSplit(result, dim) ? sizes.Offset(result.Tensor.Dims[dim], Axes(result, dim)) : Dim.Zero;
        var diagonal = attributes.Has("diagonal") ? attributes.Size("diagonal") : Dim.Zero;
        attributes = attributes.With("diagonal", diagonal + Offset(row) - Offset(column));
        return operation.Name == "triangular_mask"
            ? attributes.With("shape", [sizes.Local(result.Tensor.Dims[0], Axes(result, 0)), sizes.Local(result.Tensor.Dims[1], Axes(result, 1))])
            : attributes;
    }

    private static int Last(Value value) => value.Tensor.Rank - 1;

    private static bool IsSplit(Value value, int dim) => !Axes(value, dim).IsEmpty;

    private static System.Collections.Immutable.ImmutableArray<Shardings.AxisRef> Axes(Value value, int dim) => value.Tensor.Sharding.Dims[dim].Axes;
}
