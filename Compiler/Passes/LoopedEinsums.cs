using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Passes;

/// <summary>
/// A weight that is gathered whole only to be multiplied is too large to stand on every rank: its parts go round the axis instead, and
/// each is multiplied where it comes by (a collective matmul).
/// <code>
/// before  w: float[E,M,H] = all_gather[data, dim=0](part)  y = einsum["EGM,EMH->EGH"](x, w)
/// after   y = einsum_loop[data, "EGM,EMH->EGH", moving=1, label="E"](x, part)
/// </code>
/// </summary>
internal sealed class LoopedEinsums
{
    /// <summary>The bytes of a gathered weight from which on its parts go round, symbols at their nominal size: 256 MiB.</summary>
    public const double Threshold = 256L << 20;

    private readonly Dictionary<Value, Operation> gathers = [];

    private LoopedEinsums(Function forward, Function? backward, double threshold)
    {
        var weights = new HashSet<Value>(forward.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value));
        foreach (var program in new[] { forward, backward })
            foreach (var gather in program?.Body.AllOperations.Where(o => o.Name == "all_gather" && o.Operands.Length == 1) ?? [])
                if (weights.Contains(gather.Operands[0]) && Nominal(gather.Result.Tensor) >= threshold) gathers[gather.Result] = gather;
        if (gathers.Count == 0) return;
        var granules = Granules.Of(forward, backward);
        foreach (var gather in gathers.Values.Where(g => !IsCutByChunks(g, granules)).ToList()) gathers.Remove(gather.Result);

        // One use each way: more would send the parts round more often.
        foreach (var program in new[] { forward, backward })
            if (program is not null) Keep(program.Body);
    }

    /// <summary>Both programs with gathers of large weights made loops.</summary>
    public static (Function Forward, Function? Backward) Run(Function forward, Function? backward, double threshold = Threshold)
    {
        var pass = new LoopedEinsums(forward, backward, threshold);
        return pass.gathers.Count == 0
            ? (forward, backward)
            : (forward with { Body = pass.Rewrite(forward.Body) }, backward is null ? null : backward with { Body = pass.Rewrite(backward.Body) });
    }

    private static double Nominal(TensorType type) => type.Dims.Aggregate((double)type.Element.Bytes(), (product, dim) => product * NominalSize.Of(dim));

    private static bool IsCutByChunks(Operation gather, Granules granules)
    {
        var dim = gather.Attributes.Int("dim");
        var part = gather.Operands[0].Tensor;
        return granules.Of(part.Dims[dim], part.Sharding.Dims[dim].Axes).IsOne;
    }

    private void Keep(Block body)
    {
        var uses = new ValueUses(body);
        foreach (var gathered in gathers.Keys.ToList())
        {
            if (uses.Of(gathered) == 0) continue;
            var users = body.AllOperations.Where(o => o.Operands.Contains(gathered)).ToList();
            // Of two that are multiplied with each other one stays whole.
            if (uses.Of(gathered) != 1 || users.Count != 1 || users[0].Operands.Count(gathers.ContainsKey) > 1 || Loop(users[0]) is null) gathers.Remove(gathered);
        }
    }

    private Block Rewrite(Block block) => block with
    {
        Operations =
        [
            .. block.Operations.Where(o => o.Results.Length != 1 || !gathers.ContainsKey(o.Results[0])).Select(o => o.Operands.Any(gathers.ContainsKey)
                ? Loop(o)!
                : o.Blocks.IsEmpty ? o : new Operation(o.Name, o.Operands, o.Results, o.Attributes, o.Origin, [.. o.Blocks.Select(Rewrite)])),
        ],
    };

    /// <summary>The product as a loop; null where it is none of two operands with each label once.</summary>
    private Operation? Loop(Operation product)
    {
        if (product.Operands.Length != 2 || Contractions.EquationOf(OperatorCall.Of(product)) is not { } equation) return null;
        if (equation.Operands.Any(labels => labels.Distinct().Count() != labels.Length)) return null;
        var moving = Enumerable.Range(0, 2).First(i => gathers.ContainsKey(product.Operands[i]));
        var gather = gathers[product.Operands[moving]];
        var label = equation.Operands[moving][gather.Attributes.Int("dim")];
        var attributes = Attributes.Named(gather.Attributes.NameText).With(Attributes.Equation, new TextAttribute(equation.Text))
            .With("moving", moving).With("label", new TextAttribute(label.ToString()));
        return new Operation("einsum_loop", product.Operands.SetItem(moving, gather.Operands[0]), product.Results, attributes, product.Origin);
    }
}
