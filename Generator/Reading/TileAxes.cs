using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Reading;

/// <summary>
/// Finds the mesh axes that a device assignment amounts to: tile [1, 2, 4] over devices 0 to 7 in order, on a mesh <c>x=2, y=4</c>, splits
/// dim 1 over x and dim 2 over y; tile [8] splits its dim over x, then y. A last number beyond the tensor's dims counts copies, as in GSPMD.
/// </summary>
internal static class TileAxes
{
    /// <summary>The axes of each dim of the tile, major first, none for a dim in one piece; null where no choice of axes gives the assignment.</summary>
    public static ImmutableArray<ImmutableArray<string>>? Find(Mesh mesh, ImmutableArray<int> tile, ImmutableArray<int> devices)
    {
        if (tile.Any(n => n < 1) || tile.Aggregate(1L, (a, b) => a * b) != devices.Length) return null;
        var sizes = mesh.Axes.Select(a => a.Size ?? (mesh.Axes.Length == 1 ? devices.Length : 0)).ToArray();
        if (sizes.Aggregate(1L, (a, b) => a * b) != devices.Length) return null;
        return Choose(0, [], []) is { } chosen ? [.. chosen.Select(axes => axes.Select(a => mesh.Axes[a].Name).ToImmutableArray())] : null;

        // Axes for a dim are added one by one until they make its number.
        List<int[]>? Choose(int dim, List<int[]> done, int[] own)
        {
            if (dim == tile.Length) return Matches(done) ? done : null;
            var product = own.Aggregate(1L, (a, b) => a * sizes[b]);
            if (product == tile[dim] && Choose(dim + 1, [.. done, own], []) is { } complete) return complete;
            for (var i = 0; i < sizes.Length; i++)
                if (sizes[i] > 1 && product * sizes[i] <= tile[dim] && !own.Contains(i) && !done.Any(d => d.Contains(i)) && Choose(dim, done, [.. own, i]) is { } found) return found;
            return null;
        }

        bool Matches(List<int[]> axes)
        {
            for (var rank = 0; rank < devices.Length; rank++)
            {
                var partition = axes.SelectMany(a => a).Aggregate(0L, (index, axis) => index * sizes[axis] + Coordinate(rank, axis));
                if (devices[(int)partition] != rank) return false;
            }

            return true;
        }

        long Coordinate(long rank, int axis)
        {
            for (var i = sizes.Length - 1; i > axis; i--) rank /= sizes[i];
            return rank % sizes[axis];
        }
    }
}
