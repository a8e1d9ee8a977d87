using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace GShard.Benchmarks;

/// <summary>Times every contender in a process of its own, turn by turn, and prints the medians as ratios to the plain module.</summary>
internal sealed class SideBySide(int rounds, string python)
{
    private sealed record Contender(string Name, string[] Command);

    public void Run(string title, Sizes sizes)
    {
        var cores = Environment.ProcessorCount;
        Contender[] contenders =
        [
            new("plain module under autograd", Own(sizes, "plain", 1)),
            new("generated, 1 rank", Own(sizes, "sharded", 1)),
            new("generated, 4 ranks", Own(sizes, "sharded", 4)),
            new("PyTorch, 1 thread", PyTorch(sizes with { Threads = 1 })),
            new($"PyTorch, {cores} threads", PyTorch(sizes with { Threads = cores })),
        ];
        var measured = contenders.ToDictionary(c => c, _ => new List<Measurement>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in contenders)
                measured[contender].Add(Measure(contender));
        }
        Print(title, [.. contenders.Select(c => (c.Name, Median(measured[c])))]);
    }

    private static void Print(string title, IReadOnlyList<(string Name, Measurement Median)> rows)
    {
        var table = new Table().Title(title).Border(TableBorder.Simple);
        table.AddColumn("");
        foreach (var column in (string[])["step, ms", "ratio", "with AdamW, ms", "ratio", "memory, MiB", "ratio"])
            table.AddColumn(new TableColumn(column).RightAligned());
        var first = rows[0].Median;
        foreach (var (name, m) in rows)
        {
            table.AddRow(
                name, $"{m.Milliseconds:0.0}", $"{m.Milliseconds / first.Milliseconds:0.00}", $"{m.MillisecondsWithOptimizer:0.0}",
                $"{m.MillisecondsWithOptimizer / first.MillisecondsWithOptimizer:0.00}", $"{m.RiseMegabytes:0}", $"{m.RiseMegabytes / first.RiseMegabytes:0.00}");
        }
        AnsiConsole.Write(table);
    }

    private static Measurement Median(List<Measurement> runs) => new(
        Stopwatches.Median(runs.Select(r => r.Milliseconds)),
        Stopwatches.Median(runs.Select(r => r.MillisecondsWithOptimizer)),
        Stopwatches.Median(runs.Select(r => r.RiseMegabytes)));

    private static string[] Own(Sizes sizes, string kind, int ranks) =>
        ["dotnet", Path.Combine(AppContext.BaseDirectory, "GShard.Benchmarks.dll"), "measure", kind, ranks.ToString(), sizes.ToJson()];

    private string[] PyTorch(Sizes sizes) => [python, Path.Combine(AppContext.BaseDirectory, "pytorch/step.py"), sizes.ToJson()];

    private static Measurement Measure(Contender contender)
    {
        var start = new ProcessStartInfo(contender.Command[0], contender.Command[1..]) { RedirectStandardOutput = true };
        // It chooses slower kernels than the processor has, for both sides.
        start.Environment.Remove("OPENBLAS_CORETYPE");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{contender.Name} ended with exit code {process.ExitCode}.");
        return JsonSerializer.Deserialize<Measurement>(output.Trim().Split('\n')[^1])!;
    }
}
