using System.Globalization;

namespace GShard.Process.Tests;

/// <summary>Two hosts with a cable between them: network namespaces of this machine.</summary>
internal sealed class TwoHosts : IDisposable
{
    private readonly string name = $"gs{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";

    public TwoHosts()
    {
        for (var host = 0; host < 2; host++) Assert.True(Ip("netns", "add", Host(host)));
        Assert.True(Ip("link", "add", Cable(0), "netns", Host(0), "type", "veth", "peer", "name", Cable(1), "netns", Host(1)));
        for (var host = 0; host < 2; host++)
        {
            Assert.True(Ip("-n", Host(host), "addr", "add", $"{Address(host)}/24", "dev", Cable(host)));
            Assert.True(Ip("-n", Host(host), "link", "set", Cable(host), "up"));
            Assert.True(Ip("-n", Host(host), "link", "set", "lo", "up"));
        }
    }

    public static string Address(int host) => host == 0 ? "10.77.0.1" : "10.77.0.2";

    /// <summary>What to put before a command so that it runs on a host.</summary>
    public string[] On(int host) => ["ip", "netns", "exec", Host(host)];

    /// <summary>Pulls the cable.</summary>
    public void Cut() => Assert.True(Ip("-n", Host(1), "link", "set", Cable(1), "down"));

    public void Dispose()
    {
        for (var host = 0; host < 2; host++) Ip("netns", "delete", Host(host));
    }

    internal static bool Ip(params string[] arguments)
    {
        using var ip = new Child("ip", arguments);
        return ip.Wait(TimeSpan.FromSeconds(20)) && ip.ExitCode == 0;
    }

    private string Host(int host) => $"{name}-{host.ToString(CultureInfo.InvariantCulture)}";

    private static string Cable(int host) => $"cable{host.ToString(CultureInfo.InvariantCulture)}";
}
