using Spectre.Console;

namespace GShard.Benchmarks;

/// <summary>Times dropout and initial values of 64 KB to 64 MB on one thread: ours, by counter, beside PyTorch's, two processes that are asked in turn.</summary>
internal static class RandomTimes
{
    private static readonly long[] Sizes = [64 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20];

    public static void Run(int rounds, string python)
    {
        var own = Path.Combine(AppContext.BaseDirectory, "GShard.Benchmarks.dll");
        using var ours = new RankProcesses(1, "dotnet", own, "random-numbers");
        using var peer = new RankProcesses(1, python, Path.Combine(AppContext.BaseDirectory, "pytorch/random_numbers.py"));
        var table = new Table().Title("Random numbers, 1 thread, µs").Border(TableBorder.Simple);
        table.AddColumn("");
        foreach (var column in (string[])["bytes", "PyTorch", "GShard", "ratio", "GB/s"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var kind in RandomNumbers.Kinds.Keys)
        {
            foreach (var size in Sizes)
            {
                var question = $"{kind} {size} {(size >= 16 << 20 ? 5 : size >= 1 << 20 ? 20 : 200)}";
                var (theirs, mine) = (new List<double>(), new List<double>());
                for (var round = 0; round < rounds; round++)
                {
                    theirs.Add(peer.Ask(question));
                    mine.Add(ours.Ask(question));
                }
                var (theirMedian, median) = (Stopwatches.Median(theirs), Stopwatches.Median(mine));
                table.AddRow(kind, size >= 1 << 20 ? $"{size >> 20} MB" : $"{size >> 10} KB", $"{theirMedian:0}", $"{median:0}", $"{median / theirMedian:0.00}", $"{size / median / 1e3:0.0}");
            }
        }
        AnsiConsole.Write(table);
    }
}
