using Spectre.Console;
using static TorchSharp.torch;

namespace GShard.Benchmarks;

/// <summary>
/// Times every collective from 4 KB to 64 MB a rank: ours over Gloo beside PyTorch's over Gloo, both as four processes that are asked in turn; and ours
/// between threads beside a copy of the same bytes.
/// </summary>
internal static class CollectiveTimes
{
    private const int Ranks = 4;

    private static readonly long[] Sizes = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20];

    /// <summary>Processes over Gloo beside PyTorch's.</summary>
    public static void OfProcesses(int rounds, string python)
    {
        var own = Path.Combine(AppContext.BaseDirectory, "GShard.Benchmarks.dll");
        using var native = new RankProcesses(Ranks, "dotnet", own, "collective-rank", nameof(AllReduceOrder.Native));
        using var ordered = new RankProcesses(Ranks, "dotnet", own, "collective-rank", nameof(AllReduceOrder.Ordered));
        using var peer = new RankProcesses(Ranks, python, Path.Combine(AppContext.BaseDirectory, "pytorch/collectives.py"));
        var table = Columns($"{Ranks} processes over Gloo, µs", "PyTorch", "GShard", "ratio", "native", "ratio");
        foreach (var kind in CollectiveRank.Kinds.Keys)
        {
            foreach (var size in Sizes)
            {
                var question = $"{kind} {size} {Repeats(size)}";
                var times = Alternate(rounds, () => peer.Ask(question), () => ordered.Ask(question), kind is "all_reduce" ? () => native.Ask(question) : null);
                table.AddRow(kind, Bytes(size), $"{times[0]:0}", $"{times[1]:0}", $"{times[1] / times[0]:0.00}", Text(times[2], "0"), Text(times[2] / times[0], "0.00"));
            }
        }
        AnsiConsole.Write(table);
    }

    /// <summary>Threads of one process beside a copy of as much memory.</summary>
    public static void OfThreads(int rounds)
    {
        var table = Columns($"{Ranks} threads, µs", "copy", "GShard", "ratio");
        DeviceMesh.RunInProcess([(CollectiveRank.Axis, Ranks)], mesh =>
        {
            foreach (var kind in CollectiveRank.Kinds.Keys)
            {
                foreach (var size in Sizes)
                {
                    var times = Alternate(rounds, () => Copy(mesh, kind, size), () => CollectiveRank.Measure(mesh, kind, size, Repeats(size)), null);
                    if (mesh.Rank == 0) table.AddRow(kind, Bytes(size), $"{times[0]:0}", $"{times[1]:0}", $"{times[1] / times[0]:0.00}");
                }
            }
        });
        AnsiConsole.Write(table);
    }

    /// <summary>The time in which each thread copies as many bytes as it reads in the collective.</summary>
    private static double Copy(DeviceMesh mesh, string kind, long size)
    {
        var bytes = kind == "all_gather" ? size * mesh.Size : size;
        using var source = ones(bytes / sizeof(float));
        source.clone().Dispose();
        var times = new double[Repeats(size)];
        for (var i = 0; i < times.Length; i++)
        {
            mesh.Barrier();
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            source.clone().Dispose();
            times[i] = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        return Stopwatches.Median(times);
    }

    private static double[] Alternate(int rounds, params Func<double>?[] contenders)
    {
        var times = contenders.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
            for (var i = 0; i < contenders.Length; i++)
                if (contenders[i] is { } measure) times[i].Add(measure());
        return [.. times.Select(t => t.Count == 0 ? double.NaN : Stopwatches.Median(t))];
    }

    private static Table Columns(string title, params string[] columns)
    {
        var table = new Table().Title(title).Border(TableBorder.Simple);
        table.AddColumn("");
        foreach (var column in columns.Prepend("bytes a rank")) table.AddColumn(new TableColumn(column).RightAligned());
        return table;
    }

    private static string Text(double value, string format) => double.IsNaN(value) ? "" : value.ToString(format);

    private static int Repeats(long size) => size >= 16 << 20 ? 5 : size >= 1 << 20 ? 20 : 100;

    private static string Bytes(long size) => size >= 1 << 20 ? $"{size >> 20} MB" : $"{size >> 10} KB";
}
