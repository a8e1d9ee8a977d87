using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Reading;

/// <summary>
/// The mesh axes that a device assignment amounts to, and the order of devices where that is not the mesh's: tile [1, 2, 4] over devices 0 to 7 in order, on a mesh <c>x=2, y=4</c>, splits
/// dim 1 over x and dim 2 over y; tile [8] splits its dim over x, then y. A last number beyond the tensor's dims counts copies, as in GSPMD.
/// </summary>
/// <param name="Axes">The axes of each dim of the tile, major first; none for a dim in one piece.</param>
/// <param name="Devices">The rank that holds what each rank of the mesh would hold by these axes; empty where that is the rank itself.</param>
internal sealed record TileAxes(ImmutableArray<ImmutableArray<string>> Axes, ImmutableArray<int> Devices)
{
    /// <summary>The sharding of a tensor of as many dims.</summary>
    public TensorSharding Sharding(int rank) =>
        new([.. Axes.Take(rank).Select(axes => new DimSharding([.. axes.Select(name => new AxisRef(name))], false))], [], []) { Devices = Devices };

    /// <summary>The axes, of the mesh's own order if some choice gives that; null where no axes make the tile's numbers, or the devices are not the mesh's, each once.</summary>
    public static TileAxes? Find(Mesh mesh, ImmutableArray<int> tile, ImmutableArray<int> devices, int rank)
    {
        if (tile.Any(n => n < 1) || tile.Aggregate(1L, (a, b) => a * b) != devices.Length) return null;
        var sizes = mesh.Axes.Select(a => a.Size ?? (mesh.Axes.Length == 1 ? devices.Length : 0)).ToArray();
        if (sizes.Aggregate(1L, (a, b) => a * b) != devices.Length) return null;
        if (!devices.OrderBy(d => d).SequenceEqual(Enumerable.Range(0, devices.Length))) return null;
        if ((Choose(0, [], [], Matches) ?? Choose(0, [], [], _ => true)) is not { } chosen) return null;
        return new([.. chosen.Select(axes => axes.Select(a => mesh.Axes[a].Name).ToImmutableArray())], Matches(chosen) ? [] : [.. Enumerable.Range(0, devices.Length).Select(device => devices[Partition(chosen, device)])]);

        // Axes for a dim are added one by one until they make its number.
        List<int[]>? Choose(int dim, List<int[]> done, int[] own, Func<List<int[]>, bool> fits)
        {
            if (dim == tile.Length) return fits(done) ? done : null;
            var product = own.Aggregate(1L, (a, b) => a * sizes[b]);
            if (product == tile[dim] && Choose(dim + 1, [.. done, own], [], fits) is { } complete) return complete;
            for (var i = 0; i < sizes.Length; i++)
                if (sizes[i] > 1 && product * sizes[i] <= tile[dim] && !own.Contains(i) && !done.Any(d => d.Contains(i)) && Choose(dim, done, [.. own, i], fits) is { } found) return found;
            return null;
        }

        // Which of its copies a device holds makes no difference.
        bool Matches(List<int[]> axes)
        {
            var copies = tile.Length > rank ? tile[rank] : 1;
            return Enumerable.Range(0, devices.Length).All(device => devices.IndexOf(device) / copies == Partition(axes, device) / copies);
        }

        int Partition(List<int[]> axes, int device) => (int)axes.SelectMany(a => a).Aggregate(0L, (index, axis) => index * sizes[axis] + Coordinate(device, axis));

        long Coordinate(long device, int axis)
        {
            for (var i = sizes.Length - 1; i > axis; i--) device /= sizes[i];
            return device % sizes[axis];
        }
    }
}
