using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Propagation;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// Settles the sharding of every value of a logical program by propagation from its annotations.
/// <code>
/// before  y: float[G,S,E]? = einsum["GSM,ME->GSE"](x, w)          with x: float[G@expert,S,M]
/// after   y: float[G@expert,S,E] = einsum["GSM,ME->GSE"](x, w)
/// </code>
/// </summary>
internal sealed class Settlement : BlockRewriter
{
    private static readonly PropagationOptions WholeAxes = new() { WholeAxesOnly = true };

    private readonly PropagationGraph graph;
    private readonly PropagationResult result;
    private readonly Dictionary<Value, Parameter> parameters;
    private readonly Mesh mesh;

    private Settlement(Function function)
    {
        graph = PropagationGraph.Of(function);
        result = Propagator.Run(graph.Problem, WholeAxes);
        parameters = function.Parameters.ToDictionary(p => p.Value);
        mesh = function.Mesh;
    }

    /// <summary>The program with every value's sharding closed, and where annotations ask for what no operator can do at once.</summary>
    public static (Function Settled, ImmutableArray<AnnotationConflict> Conflicts) Run(Function function)
    {
        var pass = new Settlement(function);
        ImmutableArray<Parameter> parameters = [.. function.Parameters.Select(p => p with { Value = pass.Declare(p.Value) })];
        return (function with { Parameters = parameters, Body = pass.Rewrite(function.Body) }, AnnotationConflict.Find(pass.graph, pass.result));
    }

    protected override Value Define(Value value)
    {
        if (value.Type is not TensorType type) return value;
        var sharding = result.Shardings[graph.Id(value)].Close() with { Devices = type.Sharding.Devices };
        return new Value(value.Name, type with { Sharding = parameters.TryGetValue(value, out var parameter) ? StoredSplits.Show(mesh, parameter, sharding) : sharding });
    }
}
