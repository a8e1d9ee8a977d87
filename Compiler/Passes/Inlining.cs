using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Passes;

/// <summary>
/// Puts the parts of operators that run in a split form in their place, once the backward has been derived from the whole.
/// <code>
/// before  y = softmax[dim=1](x) { m = amax(x) … s = all_reduce[model](p)  q = div(e, s)  yield q }
/// after   m = amax(x) … s = all_reduce[model](p)  y = div(e, s)
/// </code>
/// </summary>
internal static class Inlining
{
    /// <summary>The function without blocks of operators.</summary>
    public static Function Run(Function function) => function with { Body = Run(function.Body) };

    private static Block Run(Block block)
    {
        var operations = ImmutableArray.CreateBuilder<Operation>(block.Operations.Length);
        foreach (var operation in block.Operations) Add(operation, operations);
        return block with { Operations = operations.ToImmutable() };
    }

    private static void Add(Operation operation, ImmutableArray<Operation>.Builder operations)
    {
        ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Run)];
        if (blocks.IsEmpty) operations.Add(operation);
        else if (OperatorTable.Find(operation.Name) is null) operations.Add(With(operation, blocks));
        else operations.AddRange(new Results(operation, blocks[0]).Operations);
    }

    private static Operation With(Operation operation, ImmutableArray<Block> blocks) =>
        new(operation.Name, operation.Operands, operation.Results, operation.Attributes, operation.Origin, blocks);

    /// <summary>The parts, with what they yield under the identity of the operator's results, which the rest of the program knows.</summary>
    private sealed class Results : BlockRewriter
    {
        public Results(Operation operation, Block parts)
        {
            for (var i = 0; i < parts.Yields.Length; i++)
            {
                var yielded = parts.Yields[i];
                if (!ReferenceEquals(this[yielded], yielded) || !parts.Operations.Any(o => o.Results.Contains(yielded)))
                    throw new InvalidOperationException($"the parts of '{operation.Name}' yield '{yielded.Name}', which none of them makes for result {i} alone.");
                Replace(yielded, operation.Results[i]);
            }

            Operations = Rewrite(parts).Operations;
        }

        public ImmutableArray<Operation> Operations { get; }

        protected override Value Define(Value value) => this[value];
    }
}
