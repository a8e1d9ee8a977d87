using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Collects the sizes of a call's factors from its operands, and tells where two operands disagree.</summary>
internal sealed class FactorSizes(OperatorCall call, DimSolver solver)
{
    private readonly Dictionary<string, (Dim Size, string Where)> sizes = new(StringComparer.Ordinal);

    /// <summary>The size of a factor; 1 where nothing tells.</summary>
    public Dim Of(string factor) => sizes.TryGetValue(factor, out var known) ? solver.Resolve(known.Size) : Dim.One;

    public void Set(string factor, Dim size) => sizes[factor] = (size, "the call");

    public void Read(Value operand, ImmutableArray<ImmutableArray<string>> dims)
    {
        var type = operand.Tensor;
        if (type.Rank != dims.Length)
            throw new ShapeException($"{call.Name}: {operand.Name} has {type.Rank} dims [{string.Join(", ", type.Dims)}] where {dims.Length} are needed.");
        for (var i = 0; i < dims.Length; i++)
        {
            var where = $"{operand.Name} (dim {i} of [{string.Join(", ", type.Dims)}])";
            var unknown = dims[i].Where(f => !sizes.ContainsKey(f)).ToList();
            if (unknown.Count == 1)
            {
                var known = Dim.Product(dims[i].Where(f => f != unknown[0]).Select(Of));
                sizes[unknown[0]] = (type.Dims[i] / known, where);
            }
            else if (unknown.Count == 0 && !solver.Unify(Dim.Product(dims[i].Select(Of)), type.Dims[i]))
            {
                var other = dims[i].Length == 0 ? "a broadcast dim" : sizes[dims[i][0]].Where;
                var label = dims[i].Length == 1 && char.IsLetter(dims[i][0][0]) ? $"'{dims[i][0]}'" : "a dim";
                throw new ShapeException(
                    $"{call.Name}: {label} is {Dim.Product(dims[i].Select(Of))} in {other} and {solver.Resolve(type.Dims[i])} in {where}; they must be equal.");
            }
        }
    }
}
