using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// A sum over a loop's iterations that is reduced in each of them is carried as a partial sum, and reduced once behind the loop: gradients
/// of weights that every iteration uses, and cotangents of values from outside.
/// <code>
/// before  foreach_reverse[layers](dX) { |dH| … dW2 = all_reduce[data](dW)  accumulate[w](dW2)  yield dNext }
/// after   sum = zeros_like(w)
///         dX2, dW = foreach_reverse[layers](dX, sum) { |dH, sum2| … sum3 = add(sum2, dW)  yield dNext, sum3 }
///         dW2 = all_reduce[data](dW)  accumulate[w](dW2)
/// </code>
/// </summary>
internal sealed class LoopReductions
{
    private readonly Names names;
    private readonly ValueUses uses;
    private readonly Dictionary<string, Value> weights;

    private LoopReductions(Function backward, Function forward)
    {
        names = Names.Of(forward, backward);
        uses = new ValueUses(backward.Body);
        weights = forward.Parameters.Where(p => p.Kind == ParameterKind.Weight).ToDictionary(p => p.Value.Name, p => p.Value);
    }

    /// <summary>The backward program with reductions moved out of its loops.</summary>
    public static Function Run(Function backward, Function forward) =>
        backward.Body.AllOperations.Any(o => o.Name == "foreach_reverse") ? backward with { Body = new LoopReductions(backward, forward).Run(backward.Body) } : backward;

    private Block Run(Block block)
    {
        var operations = ImmutableArray.CreateBuilder<Operation>();
        foreach (var operation in block.Operations)
        {
            if (operation.Blocks.IsEmpty)
            {
                operations.Add(operation);
                continue;
            }

            ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Run)];
            if (operation.Name == "foreach_reverse") Hoist(operation, blocks[0], operations);
            else operations.Add(operation.With(blocks));
        }

        return block with { Operations = operations.ToImmutable() };
    }

    private void Hoist(Operation loop, Block body, ImmutableArray<Operation>.Builder outside)
    {
        var (operands, results, arguments, yields) = (loop.Operands.ToList(), loop.Results.ToList(), body.Arguments.ToList(), body.Yields.ToList());
        var inside = body.Operations.ToList();
        var behind = new List<Operation>();
        var makers = inside.SelectMany(o => o.Results.Select(r => (r, o))).ToDictionary(p => p.r, p => p.o);

        foreach (var accumulate in body.Operations.Where(o => o.Name == "accumulate"))
        {
            if (!weights.TryGetValue(accumulate.Attributes.NameText, out var weight) || Chain(accumulate.Operands[0], makers) is not { Count: > 0 } chain) continue;
            var part = chain[0].Operands[0];
            var (initial, argument, next, result) = (Fresh(part), Fresh(part), Fresh(part), Fresh(part));
            outside.Add(new Operation("zeros_like", [weight], [initial], Attributes.None, accumulate.Origin));
            inside.RemoveAll(o => o == accumulate || chain.Contains(o));
            inside.Add(new Operation("add", [argument, part], [next], Attributes.None, accumulate.Origin));
            operands.Add(initial);
            arguments.Add(argument);
            yields.Add(next);
            results.Add(result);
            behind.AddRange(Reduce(chain, result, accumulate.Operands[0]));
            behind.Add(accumulate);
        }

        for (var i = 0; i < body.Arguments.Length; i++)
        {
            if (!makers.TryGetValue(yields[i], out var add) || add.Name != "add" || uses.Of(arguments[i]) != 1 || uses.Of(yields[i]) != 1) continue;
            var term = add.Operands[0] == arguments[i] ? add.Operands[1] : add.Operands[1] == arguments[i] ? add.Operands[0] : null;
            var zeros = outside.FirstOrDefault(o => o.Name == "zeros_like" && o.Result == operands[i]);
            if (term is null || zeros is null || uses.Of(operands[i]) != 1 || Chain(term, makers) is not { Count: > 0 } chain) continue;
            var part = chain[0].Operands[0];
            var (initial, argument, next, result) = (Fresh(part), Fresh(part), Fresh(part), Fresh(part));
            outside[outside.IndexOf(zeros)] = new Operation("zeros_like", zeros.Operands, [initial], zeros.Attributes, zeros.Origin);
            inside.RemoveAll(chain.Contains);
            inside[inside.IndexOf(add)] = new Operation("add", [argument, part], [next], add.Attributes, add.Origin);
            behind.AddRange(Reduce(chain, result, results[i]));
            (operands[i], arguments[i], yields[i], results[i]) = (initial, argument, next, result);
        }

        outside.Add(new Operation(loop.Name, [.. operands], [.. results], loop.Attributes, loop.Origin, [new Block([.. arguments], [.. inside], [.. yields])]));
        outside.AddRange(behind);
    }

    /// <summary>The all-reduces, each used once, that lead to a value.</summary>
    private List<Operation> Chain(Value value, Dictionary<Value, Operation> makers)
    {
        var chain = new List<Operation>();
        while (uses.Of(value) == 1 && makers.TryGetValue(value, out var maker) && maker.Name == "all_reduce")
        {
            chain.Insert(0, maker);
            value = maker.Operands[0];
        }

        return chain;
    }

    /// <summary>The same reductions of another value, in the end into <paramref name="to"/>.</summary>
    private IEnumerable<Operation> Reduce(List<Operation> chain, Value value, Value to)
    {
        for (var i = 0; i < chain.Count; i++)
        {
            var result = i == chain.Count - 1 ? to : Fresh(chain[i].Result);
            yield return new Operation("all_reduce", [value], [result], chain[i].Attributes, chain[i].Origin);
            value = result;
        }
    }

    private Value Fresh(Value like) => new(names.Fresh(like.Name), like.Type);
}
