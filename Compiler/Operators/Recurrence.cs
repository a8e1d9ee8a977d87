using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>
/// Recurrent layers, one direction each. What the inputs contribute to the gates is a linear operator of the whole sequence before them; these
/// run from step to step, forwards or, with <c>reverse</c>, backwards. Steps, gates and hidden units must be whole, sequences pass.
/// </summary>
/// <remarks>The backward gives the cotangents of every step's gates; the recurrent weight's is one product of these with the states before each step.</remarks>
internal static class Recurrence
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        new("lstm")
        {
            Factors = call => Layer(call, 4, "t b g, b h, b h, g h -> t b h, b h, b h, t b g, t b h"),
            NotDifferentiable = [3, 4],
            Vjp = LstmVjp,
            Flops = Flops,
            Summary = "long short-term memory from gates [t, b, 4h] without the state's part (gates, h, c, weight_hh); results y, the last h and c, and of every step gates and c",
        },
        new("lstm_backward")
        {
            Factors = _ => FactorTemplate.Parse("t b h, b h, b h, t b g, t b h, b h, g h -> t b g, b h, b h").Replicate("t", "g", "h"),
            Linearity = _ => Linearity.Joint(0, 1, 2),
            Flops = Flops,
            Summary = "cotangents of lstm's gates and states (cotangents of y, h and c, gates, cells, c, weight_hh)",
        },
        new("gru")
        {
            Factors = call => Layer(call, 3, call.Operands.Length > 3 ? "t b g, b h, g h, g -> t b h, b h, t b g, t b h" : "t b g, b h, g h -> t b h, b h, t b g, t b h"),
            NotDifferentiable = [2, 3],
            Vjp = GruVjp,
            Flops = Flops,
            Summary = "gated recurrent units from gates [t, b, 3h] without the state's part (gates, h, weight_hh, bias_hh where there is one); results y, the last h, and of every step gates and the state's part of the last gate",
        },
        new("gru_backward")
        {
            Factors = _ => FactorTemplate.Parse("t b h, b h, t b g, t b h, t b h, b h, g h -> t b g, t b g, b h").Replicate("t", "g", "h"),
            Linearity = _ => Linearity.Joint(0, 1),
            Flops = Flops,
            Summary = "cotangents of gru's gates, of the state's part of them, and of the state (cotangents of y and h, gates, the state's part of the last gate, y, h, weight_hh)",
        },
        new("rnn")
        {
            Factors = call => Layer(call, 1, "t b g, b h, g h -> t b h, b h"),
            Vjp = RnnVjp,
            Flops = Flops,
            Summary = "h = tanh, or with relu the positive part, of x [t, b, h] + h weight_hh' (x, h, weight_hh); results y and the last h",
        },
        new("rnn_backward")
        {
            Factors = _ => FactorTemplate.Parse("t b h, b h, t b h, g h -> t b g, b h").Replicate("t", "g", "h"),
            Linearity = _ => Linearity.Joint(0, 1),
            Flops = Flops,
            Summary = "cotangents of rnn's x and state (cotangents of y and h, y, weight_hh)",
        },
    ];

    private static FactorTemplate Layer(OperatorCall call, int gates, string factors)
    {
        var (width, hidden) = (call.Operand(0).Dims.Last(), call.Operand(1).Dims.Last());
        if (width.Value is { } wide && hidden.Value is { } units && wide != gates * units)
            throw new ShapeException($"{call.Name}: {call.Operands[0].Name} has {wide} gates a step where {gates} for each of {units} hidden units are needed.");
        return FactorTemplate.Parse(factors).Replicate("t", "g", "h");
    }

    private static Dim Flops(OperatorCall call, Rules.FactorRule rule) => 2 * Dim.Product(rule.Factors.Select(f => f.Size));

    private static Attributes Constants(VjpContext v, params string[] keys) =>
        keys.Where(v.Attributes.Flag).Aggregate(Attributes.None, (all, key) => all.With(key, true));

    /// <summary>The cotangent of a result, zeros where none arrived.</summary>
    private static Value Arrived(VjpContext v, int result) => v.Cotangents[result] ?? v.Zeros(v.Result(result).Tensor);

    /// <summary>The state that each step began with: y one step later, the first state before it.</summary>
    private static Value Before(VjpContext v, Value first)
    {
        var (y, along) = (v.Result(0), Attributes.None.With("dim", 0));
        var steps = y.Tensor.Dims[0];
        var begin = v.Apply("unsqueeze", along, first);
        if (steps.IsOne) return begin;
        var isReverse = v.Attributes.Flag("reverse");
        var rest = v.Apply("narrow", along.With("start", isReverse ? 1 : 0).With("length", steps - 1), y);
        return isReverse ? v.Apply("cat", along, rest, begin) : v.Apply("cat", along, begin, rest);
    }

    private static Value OfWeight(VjpContext v, Value gates, Value first) =>
        v.Apply("einsum", Attributes.None.With(Attributes.Equation, new TextAttribute("tbg,tbh->gh")), gates, Before(v, first));

    private static ImmutableArray<Value?> LstmVjp(VjpContext v)
    {
        var parts = v.ApplyAll("lstm_backward", Constants(v, "reverse"), Arrived(v, 0), Arrived(v, 1), Arrived(v, 2), v.Result(3), v.Result(4), v.Operand(2), v.Operand(3));
        return [v.When(0, () => parts[0]), v.When(1, () => parts[1]), v.When(2, () => parts[2]), v.When(3, () => OfWeight(v, parts[0], v.Operand(1)))];
    }

    private static ImmutableArray<Value?> GruVjp(VjpContext v)
    {
        var parts = v.ApplyAll("gru_backward", Constants(v, "reverse"), Arrived(v, 0), Arrived(v, 1), v.Result(2), v.Result(3), v.Result(0), v.Operand(1), v.Operand(2));
        return
        [
            v.When(0, () => parts[0]),
            v.When(1, () => parts[2]),
            v.When(2, () => OfWeight(v, parts[1], v.Operand(1))),
            .. v.Forward.Operands.Length > 3 ? (Value?[])[v.When(3, () => v.Apply("sum", Attributes.None.With("dims", [0, 1]), parts[1]))] : [],
        ];
    }

    private static ImmutableArray<Value?> RnnVjp(VjpContext v)
    {
        var parts = v.ApplyAll("rnn_backward", Constants(v, "reverse", "relu"), Arrived(v, 0), Arrived(v, 1), v.Result(0), v.Operand(2));
        return [v.When(0, () => parts[0]), v.When(1, () => parts[1]), v.When(2, () => OfWeight(v, parts[0], v.Operand(1)))];
    }
}
