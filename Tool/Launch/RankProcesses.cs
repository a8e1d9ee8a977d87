using System.Globalization;
using System.Runtime.InteropServices;

namespace GShard.Tool.Launch;

/// <summary>
/// The processes of a launch. The first that fails is the cause: it is named, the others are ended, and its exit code is the launch's. A signal
/// to the launcher goes to all of them. They are tied to the launcher: if it dies, however, they do, with all that they have started.
/// </summary>
internal sealed class RankProcesses(LaunchPlan plan, TimeSpan grace)
{
    private const int CauseLines = 12;

    private readonly object gate = new();
    private readonly List<RankProcess> processes = [];
    private readonly ManualResetEventSlim changed = new();
    private PosixSignal? signal;

    /// <summary>Runs them to their end; the result is the exit code.</summary>
    public int Run()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Forward);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Forward);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Forward);
        using var pause = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGTSTP, _ => Tell(ChildProcess.Stop));
        using var resume = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Tell(ChildProcess.Continue));
        using var guard = new LaunchGuard();
        var width = (plan.Hosts * plan.Count - 1).ToString(CultureInfo.InvariantCulture).Length;
        try
        {
            for (var local = 0; local < plan.Count; local++)
            {
                var rank = plan.Rank(local);
                var process = new RankProcess(plan, local, $"[{rank.ToString(CultureInfo.InvariantCulture).PadLeft(width)}] ", changed.Set);
                lock (gate) processes.Add(process);
                process.Start();
            }
        }
        catch (LaunchInputException)
        {
            End(TimeSpan.Zero);
            throw;
        }
        while (true)
        {
            changed.Wait(TimeSpan.FromMilliseconds(200));
            changed.Reset();
            var ended = processes.Where(process => process.HasEnded).OrderBy(process => process.EndedAt).ToList();
            if (ended.FirstOrDefault(process => process.ExitCode != 0) is { } cause) return Fail(cause);
            if (ended.Count == processes.Count)
            {
                foreach (var process in processes) process.Drain();
                return 0;
            }
            if (signal is null) continue;
            End(grace);
            return processes.FirstOrDefault(process => process.ExitCode != 0)?.ExitCode ?? 0;
        }
    }

    private int Fail(RankProcess cause)
    {
        // Those that end by themselves say more than those that are ended: they have learnt of the failure too.
        Wait(grace);
        End(TimeSpan.FromSeconds(2));
        cause.Drain();
        Console.Error.WriteLine();
        Console.Error.WriteLine($"gshard launch: rank {cause.Rank} (process {cause.Id}) failed first, {Description(cause.ExitCode)}{(signal is null ? "" : $", after signal {signal}")}.");
        var last = cause.LastErrorLines(CauseLines);
        if (last.Count > 0)
        {
            Console.Error.WriteLine("  Its last words:");
            foreach (var line in last) Console.Error.WriteLine("    " + line);
        }
        foreach (var other in processes.Where(process => process != cause && process.ExitCode != 0))
            Console.Error.WriteLine($"  Then rank {other.Rank}, {Description(other.ExitCode)}, {(other.EndedAt - cause.EndedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s later{(other.WasEnded ? ", ended by the launcher" : "")}.");
        return cause.ExitCode;
    }

    private static string Description(int exitCode) =>
        exitCode is > 128 and < 160 ? $"by signal {exitCode - 128}" : $"with exit code {exitCode.ToString(CultureInfo.InvariantCulture)}";

    private void Forward(PosixSignalContext context)
    {
        context.Cancel = true;
        signal = context.Signal;
        Tell(Number(context.Signal));
        changed.Set();
    }

    // They are in groups of their own, which a terminal's keys do not reach.
    private void Tell(int signal)
    {
        lock (gate)
            foreach (var process in processes) process.Signal(signal);
    }

    private static int Number(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => ChildProcess.Interrupt,
        PosixSignal.SIGHUP => ChildProcess.Hangup,
        _ => ChildProcess.Terminate,
    };

    private bool Wait(TimeSpan limit)
    {
        var deadline = DateTime.UtcNow + limit;
        while (processes.Any(process => process.IsRunning))
        {
            if (DateTime.UtcNow >= deadline) return false;
            changed.Wait(TimeSpan.FromMilliseconds(20));
            changed.Reset();
        }
        return true;
    }

    private void End(TimeSpan limit)
    {
        if (Wait(signal is null ? TimeSpan.Zero : limit)) return;
        foreach (var process in processes.Where(process => process.IsRunning)) process.End(ChildProcess.Terminate);
        if (Wait(limit)) return;
        foreach (var process in processes.Where(process => process.IsRunning)) process.End(ChildProcess.Kill);
        Wait(TimeSpan.FromSeconds(5));
    }
}
