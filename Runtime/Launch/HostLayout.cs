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
}
