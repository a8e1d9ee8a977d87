using System.Collections.Immutable;
using GShard.Compiler.Dims;

namespace GShard.Compiler.IR;

/// <summary>A constant of an operation.</summary>
public abstract record AttributeValue;

/// <summary>A size or whole number: <c>dim=-1</c>, <c>length=T-1</c>.</summary>
public sealed record DimAttribute(Dim Value) : AttributeValue;

/// <summary>A list of sizes or whole numbers: <c>shape=[B, T, heads, M/heads]</c>.</summary>
public sealed record DimsAttribute(ImmutableArray<Dim> Values) : AttributeValue
{
    /// <inheritdoc/>
    public bool Equals(DimsAttribute? other) => other is not null && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Aggregate(17, (hash, dim) => hash * 31 + dim.GetHashCode());
}

/// <summary>A text: an einsum's equation.</summary>
public sealed record TextAttribute(string Value) : AttributeValue;

/// <summary>A name: a mesh axis, a member, an element type.</summary>
public sealed record NameAttribute(string Value) : AttributeValue;

/// <summary>A truth value.</summary>
public sealed record BoolAttribute(bool Value) : AttributeValue;

/// <summary>An expression over host values in the source language, which the compiler only carries: <c>`1.0 / Math.Sqrt(headDim)`</c>.</summary>
public sealed record HostAttribute(string Code) : AttributeValue;
