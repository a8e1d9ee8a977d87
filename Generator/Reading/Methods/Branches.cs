using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Branches on host conditions.</summary>
internal sealed partial class MethodReader
{
    /// <summary>Reads a branch; where it <paramref name="returns"/>, no variable is read behind it.</summary>
    private Reading? ReadBranches(IConditionalOperation branch, Func<Reading?> whenTrue, Func<Reading?> whenFalse, bool returns)
    {
        var condition = ReadCondition(branch.Condition);
        return condition is null ? Unknown() : ReadBranches(condition, whenTrue, whenFalse, branch.Syntax, returns);
    }

    private HostReading? ReadCondition(IOperation condition)
    {
        switch (ReadExpression(condition))
        {
            case HostReading { Type: SpecialType.System_Boolean } host: return host;
            case TensorReading:
                Refuse("GSH4009", condition.Syntax, "The condition depends on a tensor's values, which may differ from rank to rank; choose by torch.where, or branch on a field of the class.");
                return null;
            case UnknownReading: return null;
            default:
                Refuse("GSH4009", condition.Syntax, "The condition is no truth value of the host; branch on fields of the class and on sizes.");
                return null;
        }
    }

    /// <summary>Reads both ways; variables and values that differ become the results of an <c>if</c>.</summary>
    private Reading? ReadBranches(HostReading condition, Func<Reading?> whenTrue, Func<Reading?> whenFalse, SyntaxNode at, bool returns = false)
    {
        if (condition.Truth is { } known) return known ? whenTrue() : whenFalse();
        var before = locals;
        var (a, localsA, operationsA) = ReadBranch(before, whenTrue);
        var (b, localsB, operationsB) = ReadBranch(before, whenFalse);
        locals = new Dictionary<ISymbol, Reading>(before, SymbolEqualityComparer.Default);
        var results = new BranchResults(condition, builder);
        var value = a is null || b is null ? null : results.Merge(a, b, null);
        foreach (var local in returns ? [] : before.Keys.Concat(localsA.Keys).Distinct<ISymbol>(SymbolEqualityComparer.Default).ToList())
            if (localsA.TryGetValue(local, out var x) && localsB.TryGetValue(local, out var y)) locals[local] = results.Merge(x, y, local.Name);

        if (results.Error is { } error)
        {
            Refuse("GSH1006", at, error);
            return UnknownReading.Instance;
        }

        var values = ImmutableArray<Value>.Empty;
        if (!results.Types.IsEmpty || !operationsA.IsEmpty || !operationsB.IsEmpty)
        {
            var blocks = ImmutableArray.Create(new Block([], operationsA, results.WhenTrue), new Block([], operationsB, results.WhenFalse));
            values = builder.AddNamed("if", Attributes.None.WithHost("condition", condition.Code), [], results.Types, results.Names, at, blocks);
        }

        foreach (var local in locals.Keys.ToList()) locals[local] = results.Place(locals[local], values);
        return value is null ? null : results.Place(value, values);
    }

    private (Reading? Value, Dictionary<ISymbol, Reading> Locals, ImmutableArray<Operation> Operations) ReadBranch(Dictionary<ISymbol, Reading> before, Func<Reading?> read)
    {
        locals = new Dictionary<ISymbol, Reading>(before, SymbolEqualityComparer.Default);
        builder.Open();
        var value = read();
        return (value, locals, builder.Leave());
    }
}
