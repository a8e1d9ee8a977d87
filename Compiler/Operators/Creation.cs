using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>Operators that make tensors from nothing. An attribute <c>shape</c> holds the dims of the result.</summary>
internal static class Creation
{
    public static readonly ImmutableArray<OperatorDefinition> Operators =
    [
        Filled("zeros") with { Summary = "0 everywhere" },
        Filled("ones") with { Summary = "1 everywhere" },
        Filled("full") with { Summary = "value everywhere" },
        Pointwise.Unary("zeros_like", _ => null) with { NotDifferentiable = [0], Summary = "0 in the shape of x" },
        Pointwise.Unary("ones_like", _ => null) with { NotDifferentiable = [0], Summary = "1 in the shape of x" },
        Pointwise.Unary("full_like", _ => null) with { NotDifferentiable = [0], Summary = "value in the shape of x" },
        Positioned("arange", call => [End(call) - Start(call)]) with { Element = (call, _) => Element(call, ElementType.Int64), Summary = "start (0 where absent), start + 1, … below end" },
        Whole("linspace", call => [call.Attributes.Size("steps")]) with { Summary = "steps numbers from start to end, both included, equally far apart" },
        Whole("eye", call => [call.Attributes.Size("n"), call.Attributes.Size(call.Attributes.Has("m") ? "m" : "n")]) with { Summary = "1 on the diagonal of a matrix [n, m] (m is n where absent), 0 elsewhere" },
        Positioned("triangular_mask", call => call.Attributes.Sizes("shape")) with
        {
            Element = (_, _) => ElementType.Bool,
            Summary = "true where column - row >= diagonal: the positions that causal attention masks, for diagonal 1",
        },
        Positioned("rand", call => call.Attributes.Sizes("shape")) with { Summary = "uniform in [0, 1) by the key and the global element index" },
    ];

    private static Dim Start(OperatorCall call) => call.Attributes.Has("start") ? call.Attributes.Size("start") : Dim.Zero;

    private static Dim End(OperatorCall call) => call.Attributes.Size("end");

    private static ElementType Element(OperatorCall call, ElementType otherwise) => call.Attributes.Has(Attributes.Name) ? Casts.Target(call.Attributes) : otherwise;

    private static OperatorDefinition Filled(string name) => new(name)
    {
        Factors = call => Sized(call.Attributes.Sizes("shape")),
        Element = (call, _) => Element(call, ElementType.Float),
        Vjp = _ => [],
    };

    /// <summary>What depends on the position of an element: each rank makes its part from where that begins.</summary>
    private static OperatorDefinition Positioned(string name, Func<OperatorCall, ImmutableArray<Dim>> shape) =>
        Whole(name, shape) with { Factors = call => Sized(shape(call)) };

    private static OperatorDefinition Whole(string name, Func<OperatorCall, ImmutableArray<Dim>> shape) => new(name)
    {
        Factors = call => Sized(shape(call)).Replicate([.. shape(call).Select((_, i) => "." + i)]),
        Element = (call, _) => Element(call, ElementType.Float),
        Vjp = v => [.. v.Forward.Operands.Select(_ => (Value?)null)],
    };

    private static FactorTemplate Sized(ImmutableArray<Dim> shape) =>
        shape.Select((size, i) => (size, i)).Aggregate(new FactorTemplate([], [FactorTemplate.Dims(shape.Length)]), (t, p) => t.Size("." + p.i, p.size));
}
