using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>The same program without mesh and annotations: what one device runs.</summary>
internal sealed class Unsharded : BlockRewriter
{
    public static Function Of(Function function)
    {
        var pass = new Unsharded();
        ImmutableArray<Parameter> parameters = [.. function.Parameters.Select(p => p with { Value = pass.Declare(p.Value) })];
        return function with { Mesh = Mesh.Empty, Parameters = parameters, Body = pass.Rewrite(function.Body) };
    }

    protected override Value Define(Value value) =>
        value.Type is TensorType type ? new Value(value.Name, type with { Sharding = TensorSharding.FullyReplicated(type.Rank) }) : value;
}
