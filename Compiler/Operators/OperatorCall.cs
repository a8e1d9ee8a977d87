using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>An operator's name with operands and constants, before its results are known.</summary>
public sealed record OperatorCall(string Name, ImmutableArray<Value> Operands, Attributes Attributes)
{
    /// <summary>The call that an operation is.</summary>
    public static OperatorCall Of(Operation operation) => new(operation.Name, operation.Operands, operation.Attributes);

    /// <summary>The type of an operand.</summary>
    public TensorType Operand(int index) => Operands[index].Tensor;

    /// <summary>Rank of an operand.</summary>
    public int Rank(int index) => Operand(index).Rank;

    /// <summary>The attribute <c>dim</c> (or another) as an index from 0, negative values counted from the end.</summary>
    /// <exception cref="ShapeException">The dim is out of range.</exception>
    public int Dim(string key = "dim", int operand = 0, int extra = 0)
    {
        var rank = Rank(operand) + extra;
        var dim = Attributes.Int(key);
        if (dim < -rank || dim >= rank)
            throw new ShapeException($"{Name}: dim {dim} is out of range for {Operands[operand].Name}, which has {rank - extra} dims: use {-rank} to {rank - 1}.");
        return dim < 0 ? dim + rank : dim;
    }

    /// <summary>The attribute <c>dims</c> as indices from 0, sorted; all dims where it is absent.</summary>
    /// <exception cref="ShapeException">A dim is out of range or named twice.</exception>
    public ImmutableArray<int> Dims(int operand = 0)
    {
        var rank = Rank(operand);
        if (!Attributes.Has("dims")) return [.. Enumerable.Range(0, rank)];
        var dims = Attributes.Ints("dims").Select(d => d < -rank || d >= rank
            ? throw new ShapeException($"{Name}: dim {d} is out of range for {Operands[operand].Name}, which has {rank} dims: use {-rank} to {rank - 1}.")
            : d < 0 ? d + rank : d).OrderBy(d => d).ToImmutableArray();
        return dims.Distinct().Count() == dims.Length
            ? dims
            : throw new ShapeException($"{Name}: a dim of {Operands[operand].Name} is named twice in [{string.Join(", ", Attributes.Ints("dims"))}].");
    }
}
