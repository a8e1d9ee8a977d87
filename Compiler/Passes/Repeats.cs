using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>Operations of a forward block that its backward block runs again, each once, before the first use of their results.</summary>
/// <param name="makers">The operation that makes each value that is not kept.</param>
/// <param name="names">The names that are given.</param>
internal sealed class Repeats(Dictionary<Value, Operation> makers, Names names) : BlockRewriter
{
    /// <summary>The operations that must run before some values can be used.</summary>
    public IEnumerable<Operation> Before(IEnumerable<Value> values)
    {
        var operations = new List<Operation>();
        var pending = new Stack<(Value Value, bool AreOperandsThere)>(values.Reverse().Select(v => (v, false)));
        while (pending.Count > 0)
        {
            var (value, ready) = pending.Pop();
            if (!ReferenceEquals(this[value], value) || !makers.TryGetValue(value, out var maker)) continue;
            if (!ready)
            {
                pending.Push((value, true));
                foreach (var operand in maker.Operands.Reverse()) pending.Push((operand, false));
                continue;
            }

            ImmutableArray<Value> operands = [.. maker.Operands.Select(Of)];
            operations.Add(new Operation(maker.Name, operands, [.. maker.Results.Select(Repeat)], maker.Attributes, maker.Origin));
        }

        return operations;
    }

    /// <summary>What stands for a value of the forward.</summary>
    public Value Of(Value value) => this[value];

    /// <summary>An operation with its values, those of inner blocks too, replaced.</summary>
    public Operation Replace(Operation operation) => Rewrite(new Block([], [operation], [])).Operations[0];

    private Value Repeat(Value value)
    {
        var again = new Value(names.Fresh(value.Name), value.Type);
        Replace(value, again);
        return again;
    }
}
