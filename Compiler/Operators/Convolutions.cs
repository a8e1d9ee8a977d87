using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Lowering;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// Convolutions of x [n, c, spatial…] with a weight [o, c / groups, kernel…]; constants <c>stride</c>, <c>padding</c>, <c>dilation</c> and
/// <c>groups</c>. A split spatial dim needs a halo; once ranks hold it, the constant <c>cut</c> names the dim.
/// </summary>
internal static class Convolutions
{
    public static readonly ImmutableArray<OperatorDefinition> Operators = [.. Family(1), .. Family(2), .. Family(3)];

    private static IEnumerable<OperatorDefinition> Family(int spatial)
    {
        var name = $"conv{spatial}d";
        yield return new(name)
        {
            Factors = call => Forward(call, spatial),
            Linearity = call => call.Operands.Length == 2 ? Linearity.Each(0, 1) : Linearity.None,
            Flops = Flops,
            Vjp = v => Vjp(v, name, spatial),
            Lowering = WindowLowering.Convolution,
            Summary = $"convolution over {spatial} spatial dims (x, weight, bias where there is one)",
        };
        yield return new(name + "_backward_input")
        {
            Factors = call => Sized(new Tensors(call, spatial).Template(t => new([t.Y, t.W], [t.X])).Reduce("o"), call, "l"),
            Linearity = _ => Linearity.Each(0, 1),
            Flops = Flops,
            Summary = $"cotangent of {name}'s operand, whose spatial sizes are size (cotangent, weight)",
        };
        yield return new(name + "_backward_weight")
        {
            Factors = call => Sized(new Tensors(call, spatial).Template(t => new([t.Y, t.X], [t.W])).Reduce(["n", .. Window.Cut(call.Attributes).Select(d => "m" + (d - 2))]), call, "k"),
            Linearity = _ => Linearity.Each(0, 1),
            Flops = Flops,
            Summary = $"cotangent of {name}'s weight, whose kernel sizes are size (cotangent, x)",
        };
    }

    /// <summary>Two per product of an element of the weight with one position of its window.</summary>
    internal static Dim Flops(OperatorCall call, FactorRule rule) =>
        Dim.Product(rule.Factors.Where(f => f.Name[0] != 'l').Select(f => f.Size)) * 2;

    private static FactorTemplate Forward(OperatorCall call, int spatial)
    {
        var hasBias = call.Operands.Length > 2;
        var window = Window.Of(call.Attributes, spatial);
        foreach (var operand in new[] { 0, 1 })
            if (call.Rank(operand) != spatial + 2)
                throw new ShapeException($"{call.Name}: {call.Operands[operand].Name} has {call.Rank(operand)} dims where {spatial + 2} are needed.");
        var template = new Tensors(call, spatial).Template(t => new(hasBias ? [t.X, t.W, [t.Y[1]]] : [t.X, t.W], [t.Y]));
        // A partial sum over the channels would add the bias once per rank.
        template = hasBias ? template.Replicate("c") : template.Reduce("c");
        var cut = Window.Cut(call.Attributes);
        return Enumerable.Range(0, spatial).Where(i => !cut.Contains(2 + i)).Aggregate(template, (t, i) =>
            t.Size("m" + i, window.Positions(i, call.Operand(0).Dims[2 + i], call.Operand(1).Dims[2 + i])));
    }

    private static FactorTemplate Sized(FactorTemplate template, OperatorCall call, string letter) =>
        call.Attributes.Sizes("size").Select((size, i) => (size, i)).Aggregate(template, (t, p) => t.Size(letter + p.i, p.size));

    private static ImmutableArray<Value?> Vjp(VjpContext v, string name, int spatial)
    {
        var constants = v.Attributes.Where(a => a.Key != "size").Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value));
        Attributes Size(int operand) => constants.With("size", v.Operand(operand).Tensor.Dims.Skip(2));
        return
        [
            v.When(0, () => v.Apply(name + "_backward_input", Size(0), v.Cotangent, v.Operand(1))),
            v.When(1, () => v.Apply(name + "_backward_weight", Size(1), v.Cotangent, v.Operand(0))),
            .. v.Forward.Operands.Length > 2
                ? (Value?[])[v.When(2, () => v.Apply("sum", Attributes.None.With("dims", [0, .. Enumerable.Range(2, spatial)]), v.Cotangent))]
                : [],
        ];
    }

    /// <summary>
    /// The dims of x, weight and result. Channels are split along whole groups, of which a rank's part has as many as it has channels; of a depthwise
    /// convolution they are its groups.
    /// </summary>
    internal sealed class Tensors
    {
        private readonly int spatial;
        private readonly Dim groups;
        private readonly ImmutableArray<int> cut;
        private readonly bool isDepthwise;

        public Tensors(OperatorCall call, int spatial)
        {
            this.spatial = spatial;
            groups = call.Attributes.Has("groups") ? call.Attributes.Size("groups") : Dim.One;
            cut = Window.Cut(call.Attributes);
            isDepthwise = IsDepthwise(call);
            X = [["n"], Grouped("c"), .. Enumerable.Range(0, spatial).Select(i => Spatial(IsCut(i) ? "m" : "l")[i])];
            W = [Grouped("o"), isDepthwise ? [] : ["c"], .. Spatial("k")];
            Y = [["n"], Grouped("o"), .. Spatial("m")];
        }

        public ImmutableArray<ImmutableArray<string>> X { get; }

        public ImmutableArray<ImmutableArray<string>> W { get; }

        public ImmutableArray<ImmutableArray<string>> Y { get; }

        public FactorTemplate Template(Func<Tensors, FactorTemplate> arrange)
        {
            var template = arrange(this).Replicate([.. Spatial("k").Select(d => d[0])]);
            for (var i = 0; i < spatial; i++)
                if (!IsCut(i)) template = template.With(FactorKind.Permutation, "l" + i, "m" + i).Tie("m" + i, "l" + i);
            return groups.IsOne || isDepthwise ? template : template.Size("g", groups);
        }

        private bool IsDepthwise(OperatorCall call)
        {
            if (groups.IsOne || call.Rank(0) < 2 || call.Rank(1) < 2) return false;
            var (first, second) = (call.Operand(0).Dims, call.Operand(1).Dims);
            return call.Name.EndsWith("_backward_weight", StringComparison.Ordinal)
                ? first[1].Equals(groups) && second[1].Equals(groups)
                : second[0].Equals(groups) && second[1].IsOne;
        }

        private bool IsCut(int i) => cut.Contains(2 + i);

        private ImmutableArray<string> Grouped(string channel) => groups.IsOne ? [channel] : isDepthwise ? ["g"] : ["g", channel];

        private ImmutableArray<ImmutableArray<string>> Spatial(string letter) => [.. Enumerable.Range(0, spatial).Select(i => (ImmutableArray<string>)[letter + i])];
    }
}
