using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// A sum of several all-reduced values is reduced once: the partial sums are added first. A factor or a change of layout that stands between
/// an all-reduce and the sum is applied to the partial sums, in which it is linear.
/// <code>
/// before  a2 = all_reduce[model](a)  y = add(x, a2)  b2 = all_reduce[model](b)  c = mul_scalar[value=`0.5`](b2)  z = add(y, c)
/// after   c = mul_scalar[value=`0.5`](b)  sum = add(a, c)  sum2 = all_reduce[model](sum)  z = add(sum2, x)
/// </code>
/// </summary>
internal sealed class Reassociation
{
    private readonly Names names;
    private readonly ValueUses uses;

    private Reassociation(Function function, Names names)
    {
        this.names = names;
        uses = new ValueUses(function.Body);
    }

    /// <summary>The function with each sum reduced once.</summary>
    /// <param name="function">The local program.</param>
    /// <param name="visible">Values of another program that this one names too.</param>
    public static Function Run(Function function, Function? visible = null)
    {
        var names = Names.Of(visible is null ? [function] : [function, visible]);
        for (var rounds = 0; rounds < 4; rounds++)
        {
            var pass = new Reassociation(function, names);
            var body = pass.Run(function.Body);
            if (body.Equals(function.Body)) break;
            function = function with { Body = body };
        }

        return function;
    }

    private Block Run(Block block)
    {
        if (!block.AllOperations.Any(o => o.Name == "all_reduce")) return block;
        var here = new HashSet<Operation>(block.Operations);
        var sums = new Dictionary<Operation, Sum>();
        var gone = new HashSet<Operation>();
        foreach (var root in block.Operations.Reverse().Where(o => o.Name == "add" && !gone.Contains(o)))
            if (Find(root, here) is { } sum)
            {
                sums[root] = sum;
                gone.UnionWith(sum.Gone);
            }

        var changed = sums.Count > 0;
        var operations = ImmutableArray.CreateBuilder<Operation>();
        foreach (var operation in block.Operations.Where(o => !gone.Contains(o)))
        {
            ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Run)];
            changed |= blocks.Zip(operation.Blocks, (now, before) => !ReferenceEquals(now, before)).Any(c => c);
            if (sums.TryGetValue(operation, out var sum)) operations.AddRange(Rewrite(operation, sum));
            else operations.Add(operation.Blocks.IsEmpty ? operation : operation.With(blocks));
        }

        return changed ? block with { Operations = operations.ToImmutable() } : block;
    }

    /// <summary>The terms of the sum that ends in <paramref name="root"/>, where at least two of them are all-reduced over one axis.</summary>
    private Sum? Find(Operation root, HashSet<Operation> here)
    {
        var (terms, adds) = (new List<Value>(), new List<Operation>());
        Flatten(root);
        var reduced = terms.Select(t => (Term: t, Chain: Chain(t, root, here))).Where(t => t.Chain is not null)
            .GroupBy(t => t.Chain![0].Attributes.NameText).FirstOrDefault(g => g.Count() > 1)?.ToList();
        if (reduced is null) return null;
        var chains = reduced.Select(t => t.Chain!).ToList();
        var rest = terms.ToList();
        foreach (var (term, _) in reduced) rest.Remove(term);
        return new Sum(chains, rest, [.. adds.Skip(1), .. chains.SelectMany(c => c)]);

        void Flatten(Operation add)
        {
            adds.Add(add);
            foreach (var operand in add.Operands)
                if (uses.Of(operand) == 1 && uses.Maker(operand) is { Name: "add" } inner && here.Contains(inner) && Fits(operand, root)) Flatten(inner);
                else terms.Add(operand);
        }
    }

    /// <summary>From an all-reduce through operations that are linear in it to a term of the sum; each result used once, no term larger than the reduced value.</summary>
    private List<Operation>? Chain(Value term, Operation root, HashSet<Operation> here)
    {
        if (!Fits(term, root)) return null;
        var chain = new List<Operation>();
        for (var value = term; uses.Of(value) == 1 && uses.Maker(value) is { } maker && here.Contains(maker); value = maker.Operands[0])
        {
            chain.Insert(0, maker);
            if (maker.Name == "all_reduce") return chain;
            if (!IsLinear(maker) || !maker.Operands[0].Tensor.Elements.Equals(maker.Result.Tensor.Elements)) return null;
        }

        return null;
    }

    private static bool Fits(Value term, Operation root) =>
        term.Tensor.Dims.SequenceEqual(root.Result.Tensor.Dims) && term.Tensor.Element == root.Result.Tensor.Element;

    private static bool IsLinear(Operation operation) =>
        operation.Operands.Length == 1 && operation.Results.Length == 1 && OperatorTable.Find(operation.Name) is { } definition
        && definition.Linearity(OperatorCall.Of(operation)) is { Kind: not LinearityKind.None } linearity && linearity.Operands.Contains(0);

    private IEnumerable<Operation> Rewrite(Operation root, Sum sum)
    {
        var reduce = sum.Chains[0][0];
        var partials = new List<Value>();
        foreach (var chain in sum.Chains)
        {
            var value = chain[0].Operands[0];
            var partial = value.Tensor.Sharding.Partial;
            foreach (var step in chain.Skip(1))
            {
                var result = new Value(step.Result.Name, step.Result.Tensor with { Sharding = step.Result.Tensor.Sharding with { Partial = partial } });
                yield return new Operation(step.Name, [value], [result], step.Attributes, step.Origin);
                value = result;
            }

            partials.Add(value);
        }

        var total = partials[0];
        foreach (var partial in partials.Skip(1))
        {
            var next = new Value(names.Fresh(root.Result.Name), total.Type);
            yield return new Operation("add", [total, partial], [next], Attributes.None, root.Origin);
            total = next;
        }

        var sharding = total.Tensor.Sharding;
        var axis = reduce.Attributes.NameText;
        var whole = total.Tensor with { Sharding = sharding with { Partial = [.. sharding.Partial.Where(p => p.Axis.Name != axis)] } };
        var complete = sum.Rest.Count == 0 ? root.Result : new Value(names.Fresh(reduce.Result.Name), whole);
        yield return new Operation("all_reduce", [total], [complete], reduce.Attributes, reduce.Origin);
        for (var i = 0; i < sum.Rest.Count; i++)
        {
            var next = i == sum.Rest.Count - 1 ? root.Result : new Value(names.Fresh(root.Result.Name), whole);
            yield return new Operation("add", [complete, sum.Rest[i]], [next], root.Attributes, root.Origin);
            complete = next;
        }
    }

    /// <param name="Chains">From each all-reduce to its term.</param>
    /// <param name="Rest">The other terms.</param>
    /// <param name="Gone">Operations that the rewritten sum replaces, its last one left out.</param>
    private sealed record Sum(List<List<Operation>> Chains, List<Value> Rest, ImmutableArray<Operation> Gone);
}
