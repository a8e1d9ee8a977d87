using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace GShard.Benchmarks;

/// <summary>Ranks as processes that live as long as this object and answer questions in turn.</summary>
internal sealed class RankProcesses : IDisposable
{
    private readonly Process[] ranks;

    public RankProcesses(int count, params string[] command)
    {
        var port = FreePort();
        ranks = [.. Enumerable.Range(0, count).Select(rank =>
        {
            var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            // It chooses slower kernels than the processor has, for both sides.
            start.Environment.Remove("OPENBLAS_CORETYPE");
            foreach (var (name, value) in new[] { ("RANK", rank), ("WORLD_SIZE", count), ("LOCAL_RANK", rank), ("LOCAL_WORLD_SIZE", count), ("MASTER_PORT", port) })
                start.Environment[name] = value.ToString();
            start.Environment["MASTER_ADDR"] = "127.0.0.1";
            return Process.Start(start)!;
        })];
    }

    /// <summary>The answer of rank 0 to what all ranks are asked.</summary>
    public double Ask(string question)
    {
        foreach (var rank in ranks)
        {
            rank.StandardInput.WriteLine(question);
            rank.StandardInput.Flush();
        }
        return double.Parse(ranks[0].StandardOutput.ReadLine() ?? throw new InvalidOperationException($"A rank ended when it was asked for '{question}'."));
    }

    public void Dispose()
    {
        foreach (var rank in ranks) rank.StandardInput.Close();
        foreach (var rank in ranks)
        {
            if (!rank.WaitForExit(TimeSpan.FromSeconds(10))) rank.Kill();
            rank.Dispose();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
