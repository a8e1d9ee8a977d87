using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Sums of products: einsum, matmul, linear.</summary>
internal static class Contractions
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("einsum")
        {
            Factors = EinsumFactors,
            Linearity = call => Linearity.Each([.. Enumerable.Range(0, call.Operands.Length)]),
            Vjp = EinsumVjp,
            Summary = "sum of products over the labels that the result lacks",
        },
    ];

    /// <summary>The labels of an equation, operand by operand, and of the result.</summary>
    /// <exception cref="ShapeException">The equation is malformed.</exception>
    public static (ImmutableArray<string> Operands, string Result) Labels(string equation)
    {
        var text = equation.Replace(" ", "");
        var sides = text.Split(["->"], StringSplitOptions.None);
        if (sides.Length != 2) throw new ShapeException($"einsum: \"{equation}\" needs exactly one '->'.");
        if (text.Replace("->", "").FirstOrDefault(c => !char.IsLetter(c) && c != ',') is var bad and not '\0')
            throw new ShapeException($"einsum: \"{equation}\" has '{bad}' where a label (a letter) or ',' belongs.");
        if (sides[1].FirstOrDefault(c => !sides[0].Contains(c)) is var lost and not '\0')
            throw new ShapeException($"einsum: \"{equation}\" has '{lost}' in the result but in no operand.");
        if (sides[1].GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ShapeException($"einsum: \"{equation}\" has '{twice.Key}' twice in the result.");
        return ([.. sides[0].Split(',')], sides[1]);
    }

    private static FactorTemplate EinsumFactors(OperatorCall call)
    {
        var (operands, result) = Labels(call.Attributes.EquationText);
        if (operands.Length != call.Operands.Length)
            throw new ShapeException($"einsum: \"{call.Attributes.EquationText}\" has {operands.Length} operands, but {call.Operands.Length} are given.");
        ImmutableArray<ImmutableArray<string>> Map(string labels) => [.. labels.Select(c => (ImmutableArray<string>)[c.ToString()])];
        var reduced = operands.SelectMany(o => o).Distinct().Where(c => !result.Contains(c)).Select(c => c.ToString()).ToArray();
        var repeated = operands.SelectMany(o => o.GroupBy(c => c).Where(g => g.Count() > 1).Select(g => g.Key.ToString())).ToArray();
        return new FactorTemplate([.. operands.Select(Map)], [Map(result)]).Reduce(reduced).Replicate(repeated);
    }

    private static ImmutableArray<Value?> EinsumVjp(VjpContext v)
    {
        var (operands, result) = Labels(v.Attributes.EquationText);
        return [.. Enumerable.Range(0, operands.Length).Select(i => v.Operand(i).IsDifferentiable ? OperandCotangent(v, operands, result, i) : null)];
    }

    private static Value OperandCotangent(VjpContext v, ImmutableArray<string> operands, string result, int operand)
    {
        var others = Enumerable.Range(0, operands.Length).Where(i => i != operand).ToList();
        var equation = string.Join(",", others.Select(i => operands[i]).Prepend(result)) + "->" + operands[operand];
        var attributes = Attributes.None.With(Attributes.Equation, new TextAttribute(equation));
        return v.Apply("einsum", attributes, [v.Cotangent, .. others.Select(v.Operand)]);
    }
}
