using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.IR;

/// <summary>The type of a value in a program.</summary>
public abstract record IrType;

/// <summary>
/// A tensor: element type, global dims, and how it lies on the mesh. In a logical program the sharding is what is known or wanted;
/// in a local program it is what each rank holds.
/// </summary>
public sealed record TensorType(ElementType Element, ImmutableArray<Dim> Dims, TensorSharding Sharding) : IrType
{
    /// <summary>A tensor of which nothing is said about sharding.</summary>
    public TensorType(ElementType element, ImmutableArray<Dim> dims)
        : this(element, dims, TensorSharding.Open(dims.Length))
    {
    }

    /// <summary>Number of dims.</summary>
    public int Rank => Dims.Length;

    /// <summary>Number of elements of the whole tensor.</summary>
    public Dim Elements => Dim.Product(Dims);

    /// <inheritdoc/>
    public bool Equals(TensorType? other) =>
        other is not null && Element == other.Element && Dims.SequenceEqual(other.Dims) && Sharding.Equals(other.Sharding);

    /// <inheritdoc/>
    public override int GetHashCode() => Dims.Aggregate((int)Element, (hash, dim) => hash * 31 + dim.GetHashCode());

    /// <inheritdoc/>
    public override string ToString() => Text.TypePrinter.Print(this);
}

/// <summary>
/// A value on the host: a parameter of the method, of the type that the kind names in the source language; <c>size</c>, <c>shape</c> (sizes of a local tensor), <c>key</c> (of a random operator), or what an operator
/// keeps for its own backward.
/// </summary>
public sealed record HostType(string Kind) : IrType
{
    /// <summary>The local sizes of a tensor.</summary>
    public static readonly HostType Shape = new("shape");

    /// <summary>The key of one random operator in one step.</summary>
    public static readonly HostType Key = new("key");

    /// <inheritdoc/>
    public override string ToString() => "!" + Kind;
}
