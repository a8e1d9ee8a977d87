using System.Diagnostics;
using System.Text;

namespace GShard.Process.Tests;

/// <summary>A process under test: what it prints, and when and how it ended.</summary>
internal sealed class Child : IDisposable
{
    private readonly System.Diagnostics.Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // An end is noticed on the thread pool, whose first threads the tests block.
    static Child() => ThreadPool.SetMinThreads(32, 32);

    public Child(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        // Two cores serve several processes in the tests.
        start.Environment["OMP_NUM_THREADS"] = "1";
        process = new System.Diagnostics.Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => Append(output, e.Data);
        process.ErrorDataReceived += (_, e) => Append(error, e.Data);
        process.Exited += (_, _) =>
        {
            EndedAt = DateTime.UtcNow;
            ended.TrySetResult();
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public string Output => Text(output);

    public string Error => Text(error);

    public bool HasEnded => ended.Task.IsCompleted;

    public DateTime EndedAt { get; private set; }

    public int ExitCode => process.ExitCode;

    /// <summary>The path of a program beside the tests.</summary>
    public static string Program(string name) => Path.Combine(AppContext.BaseDirectory, name);

    /// <summary>Waits for its end, with all that it printed.</summary>
    public bool Wait(TimeSpan limit)
    {
        if (!ended.Task.Wait(limit)) return false;
        // Its last lines may still be on their way; a child of its own that holds the pipe is not waited for.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            process.WaitForExitAsync(patience.Token).Wait();
        }
        catch (AggregateException e) when (e.InnerException is OperationCanceledException)
        {
        }
        return true;
    }

    /// <summary>Waits until it has printed a text.</summary>
    public void WaitFor(string text, TimeSpan limit)
    {
        var deadline = DateTime.UtcNow + limit;
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (DateTime.UtcNow > deadline || HasEnded) throw new TimeoutException($"'{text}' was not printed:\n{Output}\n{Error}");
            Thread.Sleep(10);
        }
    }

    public void Dispose()
    {
        if (!HasEnded) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private static void Append(StringBuilder to, string? line)
    {
        if (line is not null)
            lock (to) to.AppendLine(line);
    }

    private static string Text(StringBuilder from)
    {
        lock (from) return from.ToString();
    }
}
