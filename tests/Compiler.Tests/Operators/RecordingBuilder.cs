using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Operators;

/// <summary>Records the operations that a vector-Jacobian product applies, on whole tensors.</summary>
internal sealed class RecordingBuilder : IOperationBuilder
{
    public List<Operation> Operations { get; } = [];

    public ImmutableArray<Value> Apply(string name, Attributes attributes, ImmutableArray<Value> operands, TensorSharding? wanted = null)
    {
        var signature = OperatorSignature.Infer(OperatorTable.Get(name), new OperatorCall(name, operands, attributes));
        ImmutableArray<Value> results = [.. signature.Results.Select((type, i) => new Value($"v{Operations.Count}_{i}", type))];
        Operations.Add(new Operation(name, operands, results, attributes, Origin.None));
        return results;
    }
}
