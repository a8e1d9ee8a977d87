using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>
/// Splits of weights over axes that split every weight (ZeRO-3): they say where a weight lies and not how it is used, so that propagation does
/// not see them.
/// <code>
/// before  up: float[H@model@data,M]      propagated as  up: float[H@model,M], whole over data
/// </code>
/// </summary>
internal static class StoredSplits
{
    /// <summary>A parameter's type as propagation sees it.</summary>
    public static TensorSharding Hide(Mesh mesh, Parameter parameter)
    {
        var sharding = parameter.Value.Tensor.Sharding;
        var hidden = Of(mesh, parameter).Select(s => s.Axis).ToImmutableArray();
        return hidden.IsEmpty ? sharding : sharding with
        {
            Dims = [.. sharding.Dims.Select(d => d with { Axes = [.. d.Axes.Where(a => !hidden.Contains(a))] })],
            Replicated = sharding.Replicated.AddRange(hidden),
        };
    }

    /// <summary>A settled sharding of a parameter with the splits that propagation did not see.</summary>
    public static TensorSharding Show(Mesh mesh, Parameter parameter, TensorSharding settled) => Of(mesh, parameter).Aggregate(
        settled, (sharding, split) => sharding with { Dims = sharding.Dims.SetItem(split.Dim, sharding.Dims[split.Dim] with { Axes = sharding.Dims[split.Dim].Axes.Add(split.Axis) }) });

    private static IEnumerable<(int Dim, AxisRef Axis)> Of(Mesh mesh, Parameter parameter) => parameter.Kind == ParameterKind.Weight && parameter.Value.Type is TensorType type
        ? type.Sharding.Dims.SelectMany((dim, i) => dim.Axes.Where(a => mesh.Find(a.Name) is { SplitsWeights: true }).Select(a => (i, a)))
        : [];
}
