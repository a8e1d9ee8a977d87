using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Operators;

/// <summary>Composes operators of the table: the base of what derivatives and split forms are written in.</summary>
public abstract class Composer(IOperationBuilder builder)
{
    /// <summary>Applies an operator with one result.</summary>
    public Value Apply(string name, Attributes attributes, params Value[] operands) => builder.Apply(name, attributes, [.. operands])[0];

    /// <summary>Applies an operator without constants and with one result.</summary>
    public Value Apply(string name, params Value[] operands) => Apply(name, Attributes.None, operands);

    /// <summary>Applies an operator whose result shall lie as <paramref name="like"/> does.</summary>
    public Value ApplyLike(Value like, string name, Attributes attributes, params Value[] operands) =>
        builder.Apply(name, attributes, [.. operands], like.Tensor.Sharding.WithoutPartial())[0];

    /// <summary>Applies an operator whose result is wanted in a placement.</summary>
    public Value ApplyAt(TensorSharding wanted, string name, Attributes attributes, params Value[] operands) => builder.Apply(name, attributes, [.. operands], wanted)[0];

    /// <summary>Applies an operator with several results.</summary>
    public ImmutableArray<Value> ApplyAll(string name, Attributes attributes, params Value[] operands) => builder.Apply(name, attributes, [.. operands]);

    /// <summary>a * b.</summary>
    public Value Mul(Value a, Value b) => Apply("mul", a, b);

    /// <summary>a / b.</summary>
    public Value Div(Value a, Value b) => Apply("div", a, b);

    /// <summary>a + b.</summary>
    public Value Add(Value a, Value b) => Apply("add", a, b);

    /// <summary>a - b.</summary>
    public Value Sub(Value a, Value b) => Apply("sub", a, b);

    /// <summary>An operator of a tensor and a host scalar, given in the source language: <c>mul_scalar</c>, <c>pow_scalar</c>.</summary>
    public Value Scalar(string name, Value x, string code) => Apply(name, Attributes.None.WithHost("value", code), x);

    /// <summary>The value where the mask is false, 0 where it is true.</summary>
    public Value ZeroWhere(Value value, Value mask) => Apply("masked_fill", Attributes.None.WithHost("value", "0"), value, mask);

    /// <summary>Zeros of these (global) dims, placed alike.</summary>
    public Value Zeros(TensorType like) => ApplyAt(like.Sharding.WithoutPartial(), "zeros", ZeroShape(like));

    /// <summary>The constants of <c>zeros</c> of these dims and this element type.</summary>
    public static Attributes ZeroShape(TensorType like) => Attributes.None.With("shape", like.Dims).With(Attributes.Name, new NameAttribute(like.Element.Text()));
}
