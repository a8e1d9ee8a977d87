using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>
/// Sums over whole parameters of which each rank holds a part. The sums of many parameters travel together, one all-reduce
/// a mesh axis.
/// </summary>
/// <param name="mesh">The ranks.</param>
/// <param name="parameters">This rank's parameters, in the same order on every rank.</param>
internal sealed class ShardedSums(DeviceMesh mesh, IReadOnlyList<Parameter> parameters)
{
    /// <summary>Number of elements of each whole parameter.</summary>
    public IReadOnlyList<long> GlobalSizes { get; } = [.. parameters.Select(p => (ParameterSharding.Of(p)?.GlobalShape ?? p.shape).Aggregate(1L, (n, d) => n * d))];

    private readonly (MeshAxis Axis, Tensor Mask)[] axes = [.. mesh.Axes
        .Select(axis => (axis, split: parameters.Select(p => IsSplit(p, axis.Name)).ToArray()))
        .Where(a => a.axis.Size > 1 && a.split.Contains(true))
        .Select(a => (a.axis, tensor(a.split)))];

    /// <summary>The sums over the whole parameters, [parameters], of this rank's sums <paramref name="local"/>, [parameters].</summary>
    public Tensor AllReduce(Tensor local)
    {
        var sums = local.alias();
        foreach (var (axis, mask) in axes)
        {
            using var before = sums;
            using var reduced = axis.AllReduce(before);
            sums = where(mask, reduced, before);
        }
        return sums;
    }

    private static bool IsSplit(Parameter parameter, string axis) =>
        ParameterSharding.Of(parameter) is { } sharding && sharding.Placements.Any(p => p.Axis == axis);
}
