namespace GShard;

/// <summary>Which process takes which place in a mesh, so that the last axes, which vary fastest, stay inside a host.</summary>
internal static class HostLayout
{
    /// <summary>The launched ranks in the order of the mesh: host by host, in the order in which a host first appears, and by rank within one.</summary>
    /// <param name="hosts">The host of each launched rank.</param>
    public static int[] Order(IReadOnlyList<string> hosts)
    {
        var order = hosts.Distinct(StringComparer.Ordinal).Select((host, i) => (host, i)).ToDictionary(pair => pair.host, pair => pair.i, StringComparer.Ordinal);
        return [.. Enumerable.Range(0, hosts.Count).OrderBy(rank => order[hosts[rank]])];
    }

    /// <summary>What to say where the last axes, as many as a host has room for, do not stay inside one; null where they do.</summary>
    /// <param name="shape">The mesh.</param>
    /// <param name="hosts">The host of each of its ranks.</param>
    public static string? Warning(MeshShape shape, IReadOnlyList<string> hosts)
    {
        var ranks = hosts.CountBy(host => host, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var room = ranks.Values.Max();
        for (var (axis, block) = (shape.Axes.Count - 1, 1); axis >= 0; axis--)
        {
            block *= shape.Axes[axis].Size;
            // What is larger than a host was meant to span several.
            if (block > room) return null;
            if (hosts.Chunk(block).ToList().FindIndex(chunk => chunk[0] != chunk[^1]) is not (>= 0 and var split)) continue;
            var (first, last) = (split * block, (split * block) + block - 1);
            var axes = shape.Axes.Skip(axis).Select(a => $"'{a.Name}'").ToArray();
            return $"the {(axes.Length == 1 ? "axis" : "axes")} {string.Join(" and ", axes)} of the mesh {shape} {(axes.Length == 1 ? "does" : "do")} not stay inside a host, where {(axes.Length == 1 ? "it communicates" : "they communicate")} fastest: "
                + $"ranks {first} and {last} are on {Shown(hosts[first])} and {Shown(hosts[last])}; start a multiple of {block} ranks on every host, or change the sizes.";
        }
        return null;

        string Shown(string host) => $"{host} ({ranks[host]} rank{(ranks[host] == 1 ? "" : "s")})";
    }
}
