using System.ComponentModel;
using System.Diagnostics;

namespace GShard.Tool.Launch;

/// <summary>One rank of a launch: its process, and its output, each line with the rank before it.</summary>
internal sealed class RankProcess
{
    private const int KeptLines = 200;
    private static readonly object Console = new();

    private readonly string prefix;
    private readonly Action ended;
    private readonly Process process;
    private readonly List<string> errors = [];
    private bool isGroupGone;
    private Thread? output;
    private Thread? error;

    public RankProcess(LaunchPlan plan, int local, string prefix, Action ended)
    {
        this.prefix = prefix;
        this.ended = ended;
        Rank = plan.Rank(local);
        string[] line = [.. ChildProcess.OwnSession, .. ChildProcess.DiesWithParent, plan.File, .. plan.Arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in plan.Variables(local)) start.Environment[name] = value;
        start.Environment[LaunchGuard.Variable] = LaunchGuard.Value;
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => OnExited();
    }

    public int Rank { get; }

    public int Id { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>Whether it, or something that it has started, is there yet: a script may end by a signal before the program that it runs.</summary>
    public bool IsRunning => Id != 0 && (!HasEnded || GroupRuns());

    /// <summary>128 and the signal's number where a signal ended it.</summary>
    public int ExitCode { get; private set; }

    public DateTime EndedAt { get; private set; }

    /// <summary>Whether the launcher ended it.</summary>
    public bool WasEnded { get; private set; }

    /// <summary>Starts it, from a thread that lives as long as the launch.</summary>
    /// <exception cref="LaunchInputException">The program cannot be run.</exception>
    public void Start()
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new LaunchInputException($"'{process.StartInfo.FileName}' cannot be run: {e.Message}");
        }
        Id = process.Id;
        output = Pump(process.StandardOutput, System.Console.Out, null);
        error = Pump(process.StandardError, System.Console.Error, errors);
    }

    /// <summary>Sends a signal to it and to what it has started, unless that has left its group.</summary>
    public void Signal(int signal)
    {
        if (IsRunning) ChildProcess.Send(Id, signal);
    }

    /// <summary>Ends it by a signal of the launcher's own.</summary>
    public void End(int signal)
    {
        WasEnded |= !HasEnded;
        Signal(signal);
        // One that is stopped takes no other signal before it goes on.
        if (signal != ChildProcess.Kill) Signal(ChildProcess.Continue);
    }

    /// <summary>Waits until what it has printed is shown. A grandchild may hold the pipes, so not for long.</summary>
    public void Drain()
    {
        output?.Join(TimeSpan.FromSeconds(1));
        error?.Join(TimeSpan.FromSeconds(1));
    }

    /// <summary>The last lines of its standard error.</summary>
    public IReadOnlyList<string> LastErrorLines(int count)
    {
        lock (errors) return [.. errors.TakeLast(count)];
    }

    // Once empty its number may become another's.
    private bool GroupRuns()
    {
        if (!isGroupGone) isGroupGone = !ChildProcess.HasGroup(Id);
        return !isGroupGone;
    }

    private void OnExited()
    {
        ExitCode = process.ExitCode;
        EndedAt = DateTime.UtcNow;
        HasEnded = true;
        ended();
    }

    private Thread Pump(TextReader from, TextWriter to, List<string>? keep)
    {
        var thread = new Thread(() =>
        {
            while (from.ReadLine() is { } line)
            {
                lock (Console)
                {
                    to.WriteLine(prefix + line);
                    to.Flush();
                }
                if (keep is null) continue;
                lock (keep)
                {
                    keep.Add(line);
                    if (keep.Count > KeptLines) keep.RemoveAt(0);
                }
            }
        })
        { IsBackground = true };
        thread.Start();
        return thread;
    }
}
