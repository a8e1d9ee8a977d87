namespace GShard.Process.Tests;

/// <summary>A test that needs network namespaces: iproute2, and the rights to make them.</summary>
public sealed class NetworkNamespaceFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> HasNamespaces = new(() =>
    {
        if (!File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip")) return false;
        var name = $"gshard-probe-{Environment.ProcessId}";
        var made = TwoHosts.Ip("netns", "add", name);
        if (made) TwoHosts.Ip("netns", "delete", name);
        return made;
    });

    public NetworkNamespaceFactAttribute()
    {
        if (!HasNamespaces.Value) Skip = "Network namespaces cannot be made here (iproute2 and the right to use it are needed).";
    }
}
