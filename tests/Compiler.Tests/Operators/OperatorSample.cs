using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Operators;

/// <summary>
/// A sample call of an operator: its constants as text, and its operands as types, each with how its values are drawn:
/// <c>positive</c>, <c>above 1</c>, <c>unit</c> (between -1 and 1), <c>below 5</c> (indices), <c>distinct below 5</c> (no index twice along the last dim),
/// <c>constant</c> (has no gradient by definition).
/// </summary>
public sealed record OperatorSample(string Name, string Constants, string[] Operands)
{
    /// <summary>The call as an operation with fresh operands.</summary>
    public Operation Operation { get; } = Parse(Name, Constants, Operands);

    /// <summary>The signature of the call.</summary>
    internal OperatorSignature Signature => OperatorSignature.Infer(OperatorTable.Get(Name), OperatorCall.Of(Operation));

    /// <summary>Whether an operand has no gradient by definition.</summary>
    public bool IsConstant(int operand) => Operands[operand].Contains("constant");

    /// <summary>A program of this one operation.</summary>
    internal Function Program => new("sample", Mesh.Empty, [], [.. Operation.Operands.Select(o => new Parameter(o, ParameterKind.Argument))], new Block([], [Operation], Operation.Results));

    /// <inheritdoc/>
    public override string ToString() => $"{Name}[{Constants}]({string.Join(", ", Operands)})";

    private static Operation Parse(string name, string constants, string[] operands)
    {
        var parameters = operands.Select((o, i) => $"x{i}: {o.Split(' ')[0]}");
        var parsed = Parser.Parse($"mesh\nfunc sample({string.Join(", ", parameters)}) {{\n r: !any = {name}{(constants.Length > 0 ? $"[{constants}]" : "")}({string.Join(", ", operands.Select((_, i) => "x" + i))})\n return r\n}}")
            .Body.Operations[0];
        var signature = OperatorSignature.Infer(OperatorTable.Get(name), OperatorCall.Of(parsed));
        ImmutableArray<Value> results = [.. signature.Results.Select((type, i) => new Value("y" + i, type))];
        return new Operation(name, parsed.Operands, results, parsed.Attributes, Origin.None);
    }
}
