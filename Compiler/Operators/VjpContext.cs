using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Operators;

/// <summary>Adds operations to a program that is being built, and places reshards where operands need them.</summary>
public interface IOperationBuilder
{
    /// <summary>Applies an operator; results in the placement that costs least, or in <paramref name="wanted"/> where that is free.</summary>
    ImmutableArray<Value> Apply(string name, Attributes attributes, ImmutableArray<Value> operands, TensorSharding? wanted = null);
}

/// <summary>What a vector-Jacobian product sees: the forward operation, the cotangents of its results, and a builder.</summary>
public sealed class VjpContext(Operation forward, ImmutableArray<Value?> cotangents, IOperationBuilder builder) : Composer(builder)
{
    private readonly IOperationBuilder builder = builder;

    /// <summary>The forward operation.</summary>
    public Operation Forward { get; } = forward;

    /// <summary>The forward operation's constants.</summary>
    public Attributes Attributes => Forward.Attributes;

    /// <summary>The cotangent of each result; null where none arrived.</summary>
    public ImmutableArray<Value?> Cotangents { get; } = cotangents;

    /// <summary>The cotangent of the only differentiable result.</summary>
    public Value Cotangent => Cotangents.First(c => c is not null)!;

    /// <summary>A forward operand.</summary>
    public Value Operand(int index) => Forward.Operands[index];

    /// <summary>A forward result.</summary>
    public Value Result(int index = 0) => Forward.Results[index];

    /// <summary>Makes the cotangent of an operand; null where the operand is not of a floating-point type.</summary>
    public Value? When(int operand, Func<Value> make) => Operand(operand).IsDifferentiable ? make() : null;

    /// <summary>Puts back, with size 1, the dims that a reduction removed, unless broadcasting does.</summary>
    public Value KeepDims(Value reduced, ImmutableArray<int> dims)
    {
        if (Attributes.Flag("keepdim") || dims.SequenceEqual(Enumerable.Range(0, dims.Length))) return reduced;
        return dims.Aggregate(reduced, (value, dim) =>
        {
            var complete = value.Tensor.Sharding.WithoutPartial();
            return builder.Apply("unsqueeze", Attributes.None.With("dim", dim), [value], complete with { Dims = complete.Dims.Insert(dim, DimSharding.Closed) })[0];
        });
    }

    /// <summary>Sums a cotangent over the dims along which an operand was broadcast.</summary>
    public Value SumTo(Value cotangent, int operand)
    {
        var to = Operand(operand).Tensor.Dims;
        var extra = cotangent.Tensor.Rank - to.Length;
        if (extra > 0) cotangent = Apply("sum", Attributes.None.With("dims", Enumerable.Range(0, extra)), cotangent);
        var from = cotangent.Tensor.Dims;
        var broadcast = Enumerable.Range(0, to.Length).Where(i => to[i].IsOne && !from[i].IsOne).ToList();
        return broadcast.Count == 0 ? cotangent : Apply("sum", Attributes.None.With("dims", broadcast).With("keepdim", true), cotangent);
    }

    /// <summary>Expands a cotangent to the shape of an operand, where the operand lay.</summary>
    public Value ExpandTo(Value cotangent, int operand) =>
        ApplyLike(Operand(operand), "expand", Attributes.None.With("shape", Operand(operand).Tensor.Dims), cotangent);
}
