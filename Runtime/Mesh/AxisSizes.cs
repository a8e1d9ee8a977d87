namespace GShard;

/// <summary>The axes of a mesh of as many ranks as were launched.</summary>
internal static class AxisSizes
{
    /// <summary>Fills in the size that is −1, and holds the rest against the number of ranks.</summary>
    /// <param name="axes">The axes as the program names them, or null where the environment does (<c>GSHARD_MESH=data=2,expert=4</c>).</param>
    /// <param name="fromEnvironment">The value of <c>GSHARD_MESH</c>.</param>
    /// <param name="launch">The number of ranks, and who started them.</param>
    /// <exception cref="LaunchException">The axes have another number of ranks, or none are named.</exception>
    public static MeshShape Resolve(IReadOnlyList<(string Axis, int Size)>? axes, string? fromEnvironment, LaunchInfo launch)
    {
        axes ??= fromEnvironment is { Length: > 0 } text
            ? Parse(text)
            : throw new LaunchException($"The mesh has no axes: name them, as in DeviceMesh.FromEnvironment([(\"data\", -1)]), or set GSHARD_MESH=data={launch.Ranks}.");
        var open = axes.Count(axis => axis.Size == -1);
        var known = axes.Where(axis => axis.Size != -1).Aggregate(1L, (product, axis) => product * axis.Size);
        var shown = string.Join(" × ", axes.Select(axis => axis.Size == -1 ? $"{axis.Axis}=?" : $"{axis.Axis}={axis.Size}"));
        if (open > 1) throw new LaunchException($"The mesh {shown} leaves the sizes of {open} axes open; one can be found from the number of ranks.");
        if (known < 1 || (open == 1 ? launch.Ranks % known != 0 : launch.Ranks != known))
        {
            throw new LaunchException(launch.Ranks == 1 && launch.Launcher == "no launcher"
                ? $"The mesh {shown} needs {known} ranks, but this process was started alone; start it with gshard launch -n {known}, torchrun, srun or mpirun."
                : $"The mesh {shown} does not fit the {launch.Ranks} ranks that {launch.Launcher} has started; start {(open == 1 ? "a multiple of " : "")}{known}, or change the sizes.");
        }
        return new MeshShape([.. axes.Select(axis => axis.Size == -1 ? (axis.Axis, (int)(launch.Ranks / known)) : axis)]);
    }

    private static List<(string, int)> Parse(string text) =>
    [
        .. text.Split(',').Select(part => part.Split('=') is [var axis, var size] && int.TryParse(size, out var n)
            ? (axis.Trim(), n)
            : throw new LaunchException($"GSHARD_MESH is '{text}'; it names axes with their sizes, as in data=2,expert=4 (-1 for what is left).")),
    ];
}
