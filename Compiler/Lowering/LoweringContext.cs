using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>What the expansion of an operator sees: the call on placed operands, the shardings that its results shall have, and a builder.</summary>
internal sealed class LoweringContext(OperatorCall call, ImmutableArray<TensorType> results, BlockBuilder builder) : Composer(builder)
{
    /// <summary>The flag of an operation that works on this rank's elements, whatever its factors say.</summary>
    public const string IsLocal = "local";

    /// <summary>The call, on operands that lie as the chosen form says.</summary>
    public OperatorCall Call { get; } = call;

    /// <summary>The call's constants.</summary>
    public Attributes Attributes => Call.Attributes;

    /// <summary>The types that the results shall have.</summary>
    public ImmutableArray<TensorType> Results { get; } = results;

    /// <summary>An operand.</summary>
    public Value Operand(int index) => Call.Operands[index];

    /// <summary>The axes that split a dim of a value, major to minor.</summary>
    public static ImmutableArray<AxisRef> Axes(Value value, int dim) => value.Tensor.Sharding.Dims[dim].Axes;

    /// <summary>Adds an operation on this rank's elements as it is; the caller answers for its placements.</summary>
    public Value Local(string name, Attributes attributes, ImmutableArray<Value> operands, TensorType type) => builder.Add(name, attributes.With(IsLocal, true), operands, [type])[0];

    /// <summary>Adds an operation with several results as it is; the caller answers for its placements.</summary>
    public ImmutableArray<Value> LocalAll(string name, Attributes attributes, ImmutableArray<Value> operands, params IrType[] types) => builder.Add(name, attributes.With(IsLocal, true), operands, types);

    /// <summary>A host value that differs from rank to rank, as a size that constants can mention.</summary>
    public Dim Host(string operation, AxisRef axis) => Dim.Symbol(builder.Add(operation, Attributes.Named(axis.Name), [], [new HostType("size")])[0].Name);

    /// <summary>What is still partial of a value is reduced.</summary>
    public Value Complete(Value value) => builder.Complete(value);

    /// <summary>The value in another placement.</summary>
    public Value Reshard(Value value, TensorSharding to) => builder.Reshard(value, to);

    /// <summary>
    /// What this rank's windows along a dim look at, from wherever it lies: position m of <paramref name="count"/> looks at <paramref name="span"/> elements
    /// from <c>m · stride + start</c> on. The dim counts positions then, and is split as they are.
    /// </summary>
    public Value Window(Value x, int dim, Dim stride, Dim start, Dim span, Dim count, string? fill = null, bool wrap = false)
    {
        var size = x.Tensor.Dims[dim];
        if (stride.IsOne && span.IsOne && start.Value == 0 && count.Equals(size)) return x;
        var attributes = Exchanged(x, dim, stride, start, span, count, size);
        if (fill is not null && !HostScalars.IsZero(fill)) attributes = attributes.WithHost("fill", fill);
        return builder.Exchange("window", wrap ? attributes.With("wrap", true) : attributes, x, x.Tensor with { Dims = x.Tensor.Dims.SetItem(dim, count) });
    }

    /// <summary>The adjoint of <see cref="Window"/>: what all ranks' windows hold of each element of a dim of <paramref name="size"/>, added up where it lies.</summary>
    public Value WindowAdd(Value windows, int dim, Dim stride, Dim start, Dim span, Dim size)
    {
        var count = windows.Tensor.Dims[dim];
        return builder.Exchange("window_add", Exchanged(windows, dim, stride, start, span, count, size), windows, windows.Tensor with { Dims = windows.Tensor.Dims.SetItem(dim, size) });
    }

    private static Attributes Exchanged(Value x, int dim, Dim stride, Dim start, Dim span, Dim count, Dim size) =>
        Attributes.Named(Axes(x, dim)[0].Name).With("dim", dim).With("stride", stride).With("start", start).With("span", span).With("count", count).With("size", size);

    /// <summary>A reduction over dims that stay with size 1, completed.</summary>
    public Value Reduce(string name, ImmutableArray<int> dims, Value x) =>
        Complete(Apply(name, Attributes.None.With("dims", dims).With("keepdim", true), x));
}
