namespace GShard.Compiler.IR;

/// <summary>A value of a program: assigned once, by an operation, a block's argument or a parameter. Identity is by reference.</summary>
public sealed class Value(string name, IrType type)
{
    /// <summary>The name, unique within a function; from the user's source where there is one. Whoever finds a better one may give it.</summary>
    public string Name { get; set; } = name;

    /// <summary>The type.</summary>
    public IrType Type { get; } = type;

    /// <summary>The type as a tensor's.</summary>
    /// <exception cref="InvalidOperationException">The value lives on the host.</exception>
    public TensorType Tensor => Type as TensorType ?? throw new InvalidOperationException($"'{Name}' is a host value of type {Type}, not a tensor.");

    /// <summary>Whether this is a tensor of a floating-point type, for which gradients exist.</summary>
    public bool IsDifferentiable => Type is TensorType tensor && tensor.Element.IsFloating();

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Type}";
}
