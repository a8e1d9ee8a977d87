using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Reading;

/// <summary>
/// Finds the mesh axes that a device assignment amounts to: tile [1, 2, 4] over devices 0 to 7 in order, on a mesh <c>x=2, y=4</c>, splits
/// dim 1 over x and dim 2 over y.
/// </summary>
internal static class TileAxes
{
    /// <summary>The axis of each dim, null for a dim in one piece; null where no choice of axes gives the assignment.</summary>
    public static ImmutableArray<string?>? Find(Mesh mesh, ImmutableArray<int> tile, ImmutableArray<int> devices)
    {
        if (tile.Any(n => n < 1) || tile.Aggregate(1L, (a, b) => a * b) != devices.Length) return null;
        var sizes = mesh.Axes.Select(a => a.Size ?? (mesh.Axes.Length == 1 ? devices.Length : 0)).ToArray();
        return Choose(0, []) is { } chosen ? [.. chosen] : null;

        string?[]? Choose(int dim, string?[] axes)
        {
            if (dim == tile.Length) return Matches(axes) ? axes : null;
            if (tile[dim] == 1) return Choose(dim + 1, [.. axes, null]);
            for (var i = 0; i < sizes.Length; i++)
                if (sizes[i] == tile[dim] && !axes.Contains(mesh.Axes[i].Name) && Choose(dim + 1, [.. axes, mesh.Axes[i].Name]) is { } found) return found;
            return null;
        }

        bool Matches(string?[] axes)
        {
            if (sizes.Aggregate(1L, (a, b) => a * b) != devices.Length) return false;
            for (var rank = 0; rank < devices.Length; rank++)
            {
                var partition = 0;
                for (var dim = 0; dim < tile.Length; dim++) partition = partition * tile[dim] + (axes[dim] is { } axis ? Coordinate(rank, mesh.IndexOf(axis)) : 0);
                if (devices[partition] != rank) return false;
            }

            return true;
        }

        int Coordinate(int rank, int axis)
        {
            for (var i = sizes.Length - 1; i > axis; i--) rank /= (int)sizes[i];
            return rank % (int)sizes[axis];
        }
    }
}
