using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>Sums of products: einsum and the operators that are an einsum by another name.</summary>
internal static class Contractions
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Contraction("einsum", EinsumEquation.Of) with { Summary = "sum of products over the labels that the result lacks" },
        Contraction("matmul", Matmul) with { Summary = "matrix product, with broadcasting over leading dims" },
        Contraction("bmm", call => Fixed(call, "bmk,bkn->bmn")) with { Summary = "batch of matrix products" },
        Contraction("mm", call => Fixed(call, "mk,kn->mn")) with { Summary = "matrix product" },
        Contraction("mv", call => Fixed(call, "mk,k->m")) with { Summary = "matrix times vector" },
        Contraction("dot", call => Fixed(call, "k,k->")) with { Summary = "inner product of two vectors" },
        Contraction("outer", call => Fixed(call, "i,j->ij")) with { Summary = "outer product of two vectors" },
        Contraction("linear", call => Fixed(call, "...i,oi->...o")) with { Vjp = LinearVjp, Summary = "x times the transposed weight [o, i]" },
        new("linear_bias")
        {
            // A partial sum over i would add the bias once per rank.
            Factors = call => FactorTemplate.Parse("... i, o i, o -> ... o", call.Rank(0), call.Rank(1), call.Rank(2)).Replicate("i"),
            Flops = TwicePerProduct,
            Vjp = LinearVjp,
            Lowering = Lowering.InnerLowering.Linear,
            Summary = "x times the transposed weight [o, i], plus bias [o]",
        },
    ];

    /// <summary>The labels of a factor map.</summary>
    public static ImmutableArray<ImmutableArray<string>> Map(string labels) => [.. labels.Select(c => (ImmutableArray<string>)[c.ToString()])];

    /// <summary>The equation of a call that is an einsum by any name; null where it is none.</summary>
    public static EinsumEquation? EquationOf(OperatorCall call) => call.Name switch
    {
        "einsum" => EinsumEquation.Of(call),
        "matmul" => Matmul(call),
        "bmm" => Fixed(call, "bmk,bkn->bmn"),
        "mm" => Fixed(call, "mk,kn->mn"),
        "linear" => Fixed(call, "...i,oi->...o"),
        _ => null,
    };

    private static OperatorDefinition Contraction(string name, Func<OperatorCall, EinsumEquation> equation) => new(name)
    {
        Factors = call => Factors(call, equation(call)),
        Linearity = call => Linearity.Each([.. Enumerable.Range(0, call.Operands.Length)]),
        Flops = TwicePerProduct,
        Vjp = v => EinsumVjp(v, equation(OperatorCall.Of(v.Forward))),
    };

    private static Dims.Dim TwicePerProduct(OperatorCall call, FactorRule rule) => Dims.Dim.Product(rule.Factors.Select(f => f.Size)) * 2;

    private static EinsumEquation Fixed(OperatorCall call, string equation)
    {
        try
        {
            return EinsumEquation.Read(equation, [.. call.Operands.Select(o => o.Tensor)]);
        }
        catch (ShapeException)
        {
            var shapes = string.Join(" and ", call.Operands.Select(o => $"{o.Name} [{string.Join(", ", o.Tensor.Dims)}]"));
            throw new ShapeException($"{call.Name}: takes {equation.Replace("->", " -> ").Replace(",", " and ")}, but gets {shapes}.");
        }
    }

    private static EinsumEquation Matmul(OperatorCall call) => (call.Rank(0), call.Rank(1)) switch
    {
        (0, _) or (_, 0) => throw new ShapeException($"matmul: {call.Operands[call.Rank(0) == 0 ? 0 : 1].Name} has no dims; multiply by a scalar with '*'."),
        (1, 1) => Fixed(call, "k,k->"),
        (1, _) => Fixed(call, "k,...kn->...n"),
        (_, 1) => Fixed(call, "...mk,k->...m"),
        _ => Fixed(call, "...mk,...kn->...mn"),
    };

    private static FactorTemplate Factors(OperatorCall call, EinsumEquation equation)
    {
        // A label of one operand only, with size 1, is a dim that broadcasts.
        bool Broadcasts(int operand, int dim) =>
            call.Operand(operand).Dims[dim].IsOne && string.Concat(equation.Operands).Count(c => c == equation.Operands[operand][dim]) == 1
            && !equation.Result.Contains(equation.Operands[operand][dim]);
        var operands = equation.Operands.Select((labels, i) =>
            Map(labels).Select((dim, at) => Broadcasts(i, at) ? [] : dim).ToImmutableArray()).ToImmutableArray();
        var reduced = operands.SelectMany(o => o).SelectMany(d => d).Distinct().Where(c => !equation.Result.Contains(c)).ToArray();
        var repeated = equation.Operands.SelectMany(o => o.GroupBy(c => c).Where(g => g.Count() > 1).Select(g => g.Key.ToString())).Distinct().ToArray();
        return new FactorTemplate(operands, [Map(equation.Result)]).Reduce(reduced).Replicate(repeated);
    }

    private static ImmutableArray<Value?> EinsumVjp(VjpContext v, EinsumEquation equation) =>
        [.. Enumerable.Range(0, equation.Operands.Length).Select(i => v.When(i, () => OperandCotangent(v, equation, i)))];

    /// <summary>
    /// The einsum of the result's cotangent and the other operands. Labels that only this operand has were summed over: its cotangent is
    /// the same along them. A label that this operand has twice lies on a diagonal.
    /// </summary>
    private static Value OperandCotangent(VjpContext v, EinsumEquation equation, int operand)
    {
        var wanted = equation.Operands[operand];
        var others = Enumerable.Range(0, equation.Operands.Length).Where(i => i != operand).ToList();
        var elsewhere = equation.Result + string.Concat(others.Select(i => equation.Operands[i]));
        List<(string Labels, Value Value)> inputs = [(equation.Result, v.Cotangent), .. others.Select(i => (equation.Operands[i], v.Operand(i)))];

        var target = "";
        for (var dim = 0; dim < wanted.Length; dim++)
        {
            if (target.IndexOf(wanted[dim]) < 0) target += wanted[dim];
            else
            {
                var size = v.Operand(operand).Tensor.Dims[dim];
                var other = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".First(c => !(equation.Text + target).Contains(c));
                inputs.Add(($"{wanted[dim]}{other}", v.Apply("eye", Attributes.None.With("n", size).With(Attributes.Name, new NameAttribute(v.Cotangent.Tensor.Element.Text())))));
                elsewhere += $"{wanted[dim]}{other}";
                target += other;
            }
        }

        var known = new EinsumEquation([.. inputs.Select(i => i.Labels)], new string([.. target.Where(c => elsewhere.Contains(c))]));
        var result = known.Operands.Length == 1 && known.Operands[0] == known.Result
            ? v.Cotangent
            : v.Apply("einsum", known.Attributes, [.. inputs.Select(i => i.Value)]);
        for (var dim = 0; dim < target.Length; dim++)
            if (!elsewhere.Contains(target[dim])) result = v.Apply("unsqueeze", Attributes.None.With("dim", dim), result);
        return result.Tensor.Dims.SequenceEqual(v.Operand(operand).Tensor.Dims) ? result : v.ExpandTo(result, operand);
    }

    private static ImmutableArray<Value?> LinearVjp(VjpContext v)
    {
        var rank = v.Operand(0).Tensor.Rank;
        var weight = EinsumEquation.Read("...o,...i->oi...", [v.Cotangent.Tensor, v.Operand(0).Tensor]);
        var leading = weight.Result.Substring(2);
        return
        [
            v.When(0, () => v.Apply("matmul", v.Cotangent, v.Operand(1))),
            v.When(1, () => v.Apply("einsum", (weight with { Result = "oi" }).Attributes, v.Cotangent, v.Operand(0))),
            .. v.Forward.Operands.Length > 2
                ? (Value?[])[v.When(2, () => leading.Length == 0 ? v.Cotangent : v.Apply("sum", Attributes.None.With("dims", Enumerable.Range(0, rank - 1)), v.Cotangent))]
                : [],
        ];
    }
}
