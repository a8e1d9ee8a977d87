using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>An operator call with its factors sized and its result types known.</summary>
public sealed record OperatorSignature(OperatorDefinition Definition, FactorRule Rule, Linearity Linearity, ImmutableArray<IrType> Results)
{
    /// <summary>Sizes the factors of a call from its operands and derives the result types.</summary>
    /// <exception cref="ShapeException">The operands' shapes do not agree.</exception>
    public static OperatorSignature Infer(OperatorDefinition definition, OperatorCall call, DimSolver? solver = null) => solver is null
        ? SignatureCache.Get(definition, call, () => InferAnew(definition, call, new DimSolver()))
        : InferAnew(definition, call, solver);

    private static OperatorSignature InferAnew(OperatorDefinition definition, OperatorCall call, DimSolver solver)
    {
        var template = definition.Factors(call);
        var sizes = new FactorSizes(call, solver);
        foreach (var size in template.Sizes) sizes.Set(size.Key, size.Value);
        var tensors = call.Operands.Where(o => o.Type is TensorType).ToList();
        for (var i = 0; i < template.Operands.Length; i++) sizes.Read(tensors[i], template.Operands[i]);

        var names = template.Operands.Concat(template.Results).SelectMany(t => t).SelectMany(d => d).Distinct().ToList();
        var index = names.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i);
        var factors = names.Select(n => new Factor(
            n.StartsWith(".", StringComparison.Ordinal) ? "d" + n.Substring(1) : n,
            sizes.Of(n),
            template.Kinds.TryGetValue(n, out var kind) ? kind : FactorKind.PassThrough,
            template.Reductions.TryGetValue(n, out var reduction) ? reduction : Shardings.Reduction.Sum)
        {
            TiedTo = template.Ties.TryGetValue(n, out var other) && index.TryGetValue(other, out var at) ? at : null,
        });
        TensorFactors Map(ImmutableArray<ImmutableArray<string>> tensor) => new([.. tensor.Select(d => d.Select(n => index[n]).ToImmutableArray())]);

        var results = template.Results.Select((dims, i) => (IrType)new TensorType(
            definition.Element(call, i),
            [.. dims.Select(d => Dim.Product(d.Select(sizes.Of)))]));
        return new OperatorSignature(
            definition,
            new FactorRule([.. factors], [.. template.Operands.Select(Map)], [.. template.Results.Select(Map)]),
            definition.Linearity(call),
            [.. results, .. definition.HostResults]);
    }
}
