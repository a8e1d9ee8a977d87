using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using GShard.Generator.Model;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Turns the annotations of a tensor of known rank into its sharding, checked against the mesh.</summary>
internal sealed class ShardingReader(Mesh mesh, INamedTypeSymbol type, FindingBag findings)
{
    private readonly List<AxisPromise> promises = [];
    private readonly ImmutableArray<string> fullySharded = MeshReader.FullyShardedAxes(type);

    /// <summary>Sizes that annotations promise, one for each axis and size.</summary>
    public ImmutableArray<AxisPromise> Promises => [.. promises];

    /// <summary>The sharding that annotations say; open dims where they say nothing.</summary>
    public TensorSharding Read(Annotation annotation, int rank)
    {
        if (!Agrees(annotation)) return TensorSharding.Open(rank);
        if (annotation.Replicate is not null) return TensorSharding.FullyReplicated(rank);
        if (annotation.Shard is { } shard) return ReadTile(annotation, shard, rank);
        var sharding = TensorSharding.Open(rank);
        foreach (var split in annotation.Splits)
            sharding = Split(sharding, split.Dim, split.Axis, split.Count, split.Priority, annotation.Name, m => findings.Report(m.Id, split.Source, annotation.Symbol, m.Message));
        return sharding;
    }

    /// <summary>The same for a tensor of known dims: one that is a number, and that its axes do not divide, must be declared uneven.</summary>
    public TensorSharding Read(Annotation annotation, ImmutableArray<Dim> dims)
    {
        var sharding = Read(annotation, dims.Length);
        var rest = dims.Select(d => d.Value).ToArray();
        if (!sharding.Devices.IsEmpty)
            for (var dim = 0; dim < dims.Length; dim++)
                if (rest[dim] is { } whole && whole % annotation.Shard!.Tile[dim] != 0)
                    findings.Report("GSH0015", annotation.Shard.Source, annotation.Symbol,
                        $"The tile of '{annotation.Name}' cuts dim {dim} of size {whole} into {annotation.Shard.Tile[dim]} parts, which differ; a tensor on devices in an order of its own must be cut into equal parts: choose another size or tile, or the mesh's order of devices.");
        foreach (var split in annotation.Splits)
        {
            var dim = split.Dim < 0 ? split.Dim + dims.Length : split.Dim;
            if (dim < 0 || dim >= dims.Length || rest[dim] is not { } size) continue;
            var axis = split.Axis is null ? mesh.Axes.FirstOrDefault() : mesh.Find(split.Axis);
            var ranks = axis?.Size ?? split.Count;
            if (ranks < 1) continue;
            rest[dim] = size / ranks;
            if (size % ranks == 0 || split.Uneven) continue;
            findings.Report("GSH0019", split.Source, annotation.Symbol,
                $"Dim {dim} of '{annotation.Name}' is split over the {ranks} ranks of '{axis?.Name}', which do not divide {size}; add Uneven = true to allow chunks that differ, or choose another size.");
        }

        return sharding;
    }

    /// <summary>Whether some axis splits every parameter.</summary>
    public bool SplitsParameters => !fullySharded.IsEmpty;

    /// <summary>The sharding of a parameter: as annotated, and split along its first dim over axes that split every parameter.</summary>
    public TensorSharding OfParameter(TensorSharding annotated, ImmutableArray<Dim> dims)
    {
        var at = Enumerable.Range(0, dims.Length).Where(d => !dims[d].IsOne).DefaultIfEmpty(-1).First();
        if (at < 0) return annotated;
        return fullySharded.Where(axis => mesh.Find(axis) is not null && !annotated.Dims.Any(d => d.Axes.Any(a => a.Name == axis)))
            .Aggregate(annotated, (sharding, axis) => sharding with { Dims = sharding.Dims.SetItem(at, sharding.Dims[at] with { Axes = sharding.Dims[at].Axes.Add(new AxisRef(axis)) }) });
    }

    /// <summary>One more split; reports and leaves the sharding as it is where it cannot be.</summary>
    public TensorSharding Split(TensorSharding sharding, int dim, string? axis, int count, int priority, string name, Action<(string Id, string Message)> report)
    {
        var rank = sharding.Rank;
        if (dim < -rank || dim >= rank)
        {
            report(("GSH0004", rank == 0
                ? $"'{name}' is a scalar and cannot be split along dim {dim}; replicate it."
                : $"'{name}' has {rank} dims and cannot be split along dim {dim}; use {-rank} to {rank - 1}."));
            return sharding;
        }

        if (dim < 0) dim += rank;
        if (Axis(axis, name, report) is not { } found) return sharding;
        if (sharding.Dims.Any(d => d.Axes.Any(a => a.Name == found.Name)))
        {
            report(("GSH0008", $"'{name}' is split twice over the axis '{found.Name}'; an axis can split one dim of a tensor only: name another axis, or remove one [Split]."));
            return sharding;
        }

        if (count < 0 || (count > 0 && found.Size is { } size && size != count))
        {
            report(("GSH0005", count < 0
                ? $"'{name}' cannot be split into {count} chunks; give the size of the axis '{found.Name}'."
                : $"'{name}' is split into {count} chunks, but the axis '{found.Name}' has {found.Size} ranks; write {found.Size}, or [Split({dim}, \"{found.Name}\")] for any number."));
            return sharding;
        }

        if (count > 0) Promise(found.Name, count, name);
        var split = sharding.Dims[dim];
        return sharding with { Dims = sharding.Dims.SetItem(dim, new DimSharding(split.Axes.Add(new AxisRef(found.Name)), false, priority)) };
    }

    private MeshAxis? Axis(string? name, string tensor, Action<(string Id, string Message)> report)
    {
        var names = string.Join(", ", mesh.Axes.Select(a => "'" + a.Name + "'"));
        if (name is not null)
        {
            if (mesh.Find(name) is { } found) return found;
            report(("GSH0006", $"'{tensor}' is split over '{name}', which is no axis of the mesh of '{type.Name}' (it has {(names.Length == 0 ? "none" : names)}); add [Mesh(\"{name}\")] to the class, or name an axis that it has."));
            return null;
        }

        if (mesh.Axes.Length == 1) return mesh.Axes[0];
        report(("GSH0009", $"'{tensor}' is split without an axis, but the mesh of '{type.Name}' has {mesh.Axes.Length} ({names}); write [Split(dim, \"axis\")]."));
        return null;
    }

    private bool Agrees(Annotation annotation)
    {
        var kinds = new List<string>();
        if (!annotation.Splits.IsEmpty) kinds.Add("[Split]");
        if (annotation.Replicate is not null) kinds.Add("[Replicate]");
        if (annotation.Shard is not null) kinds.Add("[Shard]");
        if (kinds.Count < 2) return true;
        findings.Report("GSH0007", annotation.Replicate ?? annotation.Shard!.Source, annotation.Symbol,
            $"'{annotation.Name}' has both {kinds[0]} and {kinds[1]}, which contradict each other; keep one.");
        return false;
    }

    private TensorSharding ReadTile(Annotation annotation, ShardAnnotation shard, int rank)
    {
        void Report(string why) => findings.Report("GSH0015", shard.Source, annotation.Symbol,
            $"The tile [{string.Join(", ", shard.Tile)}] of '{annotation.Name}' {why}");
        if (shard.Tile.Length != rank && shard.Tile.Length != rank + 1)
        {
            Report($"has {shard.Tile.Length} dims, but the tensor has {rank}; give a number of partitions for each dim, and one more for copies where there are any.");
            return TensorSharding.Open(rank);
        }

        if (TileAxes.Find(mesh, shard.Tile, shard.Devices, rank) is not { } tile)
        {
            Report($"over the devices [{string.Join(", ", shard.Devices)}] is no split over the axes of the mesh ({mesh}); "
                + "declare axes whose sizes make the tile's numbers, and list each of their ranks once.");
            return TensorSharding.Open(rank);
        }

        foreach (var axis in mesh.Axes.Where(a => tile.Axes.Any(d => d.Contains(a.Name))))
            Promise(axis.Name, axis.Size ?? shard.Devices.Length, annotation.Name);
        return tile.Sharding(rank);
    }

    private void Promise(string axis, long size, string name)
    {
        if (!promises.Any(p => p.Axis == axis && p.Size == size)) promises.Add(new AxisPromise(axis, (int)size, name));
    }
}
