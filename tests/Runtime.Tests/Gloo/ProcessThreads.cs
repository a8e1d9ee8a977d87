using System.Net;
using System.Net.Sockets;

namespace GShard.Runtime.Tests;

/// <summary>Runs the ranks of a world of processes on threads: they meet over the loopback as processes do.</summary>
internal static class ProcessThreads
{
    public static void Run(IReadOnlyList<(string Axis, int Size)> axes, Action<DeviceMesh> body, MeshOptions? options = null) =>
        Run(axes, _ => options ?? new MeshOptions(), body);

    public static void Run(IReadOnlyList<(string Axis, int Size)> axes, Func<int, MeshOptions> options, Action<DeviceMesh> body)
    {
        var failures = Failures(axes, options, body);
        if (failures.OfType<Exception>().FirstOrDefault(e => e is not CollectiveException { IsConsequence: true }) is { } cause) throw new AggregateException(cause.Message, cause);
        if (failures.OfType<Exception>().FirstOrDefault() is { } any) throw new AggregateException(any.Message, any);
    }

    /// <summary>What each rank failed with.</summary>
    public static Exception?[] Failures(IReadOnlyList<(string Axis, int Size)> axes, Func<int, MeshOptions> options, Action<DeviceMesh> body)
    {
        var shape = new MeshShape(axes);
        var failures = new Exception?[shape.Size];
        var port = FreePort();
        var threads = Enumerable.Range(0, shape.Size).Select(rank => new Thread(() =>
        {
            try
            {
                var world = new ProcessWorld(new LaunchInfo("test", rank, shape.Size, "127.0.0.1", [port], "test"), shape, options(rank), endsProcess: false);
                using var mesh = new DeviceMesh(world, world.Rank);
                try
                {
                    body(mesh);
                }
                catch (Exception e)
                {
                    world.Report(e);
                    throw;
                }
            }
            catch (Exception e)
            {
                failures[rank] = e;
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return failures;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
