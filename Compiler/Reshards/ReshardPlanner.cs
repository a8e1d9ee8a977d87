using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Reshards;

/// <summary>
/// Plans how a tensor gets from one sharding to another: slices, permutes, all-to-alls, all-gathers, and reduce-scatters and all-reduces
/// for partial values.
/// </summary>
/// <remarks>
/// The greedy plan is that of Shardy (OpenXLA). The exact plan searches the shardings in between for the cheapest way by
/// <see cref="CollectiveCost"/>; it is never dearer than the greedy one, which it falls back to where the search would be too large.
/// On a 4×2 mesh, from <c>[y, ·, x]</c> to <c>[·, xy, ·]</c> takes two all-to-alls, where XLA replicates the whole tensor.
/// </remarks>
public static class ReshardPlanner
{
    private const int CacheLimit = 4096;

    private static readonly ConcurrentDictionary<Key, ReshardPlan> Cache = new();

    /// <summary>The plan on one mesh.</summary>
    /// <param name="mesh">The mesh of both shardings.</param>
    /// <param name="shape">Global sizes.</param>
    /// <param name="from">The sharding that is; its partial axes are reduced unless <paramref name="to"/> has them too.</param>
    /// <param name="to">The sharding that is wanted.</param>
    /// <param name="options">Exact and with permutes where null.</param>
    /// <exception cref="ArgumentException">The target is partial over an axis over which the source is not, or ranks differ.</exception>
    public static ReshardPlan Plan(
        Mesh mesh, ImmutableArray<Dim> shape, TensorSharding from, TensorSharding to, ReshardOptions? options = null)
    {
        options ??= ReshardOptions.Default;
        Check(shape, from, to);
        var key = new Key(mesh, string.Join(",", shape.Select(SizeClass)), from.Close(), to.Close(), options);
        if (Cache.TryGetValue(key, out var cached)) return cached;
        if (Cache.Count >= CacheLimit) Cache.Clear();
        return Cache[key] = Search(mesh, shape, from, to, options);
    }

    /// <summary>The plan between meshes. Those of the same axes in another device order take a permute more; others a change of mesh, unless all is replicated.</summary>
    /// <param name="fromMesh">The mesh of <paramref name="from"/>.</param>
    /// <param name="shape">Global sizes.</param>
    /// <param name="from">The sharding that is.</param>
    /// <param name="toMesh">The mesh of <paramref name="to"/>.</param>
    /// <param name="to">The sharding that is wanted.</param>
    /// <param name="options">Exact and with permutes where null.</param>
    public static ReshardPlan Plan(
        Mesh fromMesh, ImmutableArray<Dim> shape, TensorSharding from, Mesh toMesh, TensorSharding to, ReshardOptions? options = null)
    {
        options ??= ReshardOptions.Default;
        if (fromMesh.Equals(toMesh)) return Plan(fromMesh, shape, from, to, options);
        if (IsWhole(fromMesh, from) && IsWhole(toMesh, to)) return new([], 0);
        if (!fromMesh.Axes.SequenceEqual(toMesh.Axes))
            return new([new ReshardStep.ChangeMesh(to.Close(), toMesh)], options.Cost.Permute(options.Cost.ShardBytes(fromMesh, shape, from)));
        Check(shape, from, to);
        var planning = new PlanningMesh(fromMesh, shape);
        var (source, target) = (ShardLayout.Of(from, planning.Mesh), ShardLayout.Of(to, planning.Mesh));
        return Priced(fromMesh, shape, from, GreedyPlanner.Plan(planning, source, target, true, toMesh), options);
    }

    private static ReshardPlan Search(Mesh mesh, ImmutableArray<Dim> shape, TensorSharding from, TensorSharding to, ReshardOptions options)
    {
        var planning = new PlanningMesh(mesh, shape);
        var (source, target) = (ShardLayout.Of(from, planning.Mesh), ShardLayout.Of(to, planning.Mesh));
        var greedy = Priced(mesh, shape, from, GreedyPlanner.Plan(planning, source, target, options.AllowPermute), options);
        if (!options.Exact || greedy.Seconds == 0) return greedy;
        var found = ExactPlanner.Plan(planning, shape, source, target, options, greedy.Seconds);
        if (found is null) return greedy;
        var exact = Priced(mesh, shape, from, found, options);
        return exact.Seconds < greedy.Seconds * (1 - 1e-9) ? exact : greedy;
    }

    private static ReshardPlan Priced(
        Mesh mesh, ImmutableArray<Dim> shape, TensorSharding from, IEnumerable<ReshardStep> steps, ReshardOptions options)
    {
        var (seconds, before, all) = (0.0, from, steps.ToImmutableArray());
        foreach (var step in all)
        {
            seconds += options.Cost.Of(mesh, shape, before, step);
            before = step.Result;
        }

        return new(all, seconds);
    }

    private static bool IsWhole(Mesh mesh, TensorSharding sharding) =>
        (mesh.DeviceOrder.IsEmpty || !mesh.Axes.IsEmpty) && sharding.Partial.IsEmpty && sharding.Dims.All(d => d.Axes.IsEmpty);

    private static string SizeClass(Dim size) => size.Value?.ToString(CultureInfo.InvariantCulture) ?? "?" + NominalSize.Of(size);

    private static void Check(ImmutableArray<Dim> shape, TensorSharding from, TensorSharding to)
    {
        if (from.Rank != shape.Length || to.Rank != shape.Length)
            throw new ArgumentException($"A tensor of {shape.Length} dims cannot go from a sharding of {from.Rank} dims to one of {to.Rank}.");
        foreach (var partial in to.Partial)
            if (!from.Partial.Contains(partial))
                throw new ArgumentException($"The target is partial ({partial.Reduction}) over '{partial.Axis}' and the source is not: a reshard can only reduce.");
    }

    private sealed record Key(Mesh Mesh, string Shape, TensorSharding From, TensorSharding To, ReshardOptions Options);
}
