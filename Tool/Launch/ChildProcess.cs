using System.Runtime.InteropServices;

namespace GShard.Tool.Launch;

/// <summary>Signals to child processes, and tying their lives to this process.</summary>
internal static partial class ChildProcess
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>
    /// What to put before a command line so that the kernel kills the program when the thread that started it ends: <c>setpriv</c> of
    /// util-linux; nothing where the machine has none. The runtime of a rank looks after the launcher itself.
    /// </summary>
    public static string[] DiesWithParent { get; } = Find("setpriv") is { } setpriv ? [setpriv, "--pdeathsig", "KILL"] : [];

    /// <summary>
    /// What to put before a command line so that the program leads a group of its own, which signals reach as a whole: <c>setsid</c> of util-linux,
    /// which keeps the process's number; nothing where the machine has none.
    /// </summary>
    public static string[] OwnSession { get; } = Find("setsid") is { } setsid ? [setsid] : [];

    /// <summary>Sends a signal to a process and to all of its group, where it leads one; nothing where the process is gone.</summary>
    public static void Send(int process, int signal)
    {
        // Just started it may lead no group yet, but it has started nothing either.
        if (OwnSession.Length == 0 || SendSignal(-process, signal) != 0) _ = SendSignal(process, signal);
    }

    /// <summary>Whether a process leads a group of its own in which there is any process yet.</summary>
    public static bool HasGroup(int process) => OwnSession.Length > 0 && SendSignal(-process, 0) == 0;

    private static string? Find(string name) => OperatingSystem.IsLinux()
        ? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        : null;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
