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

    /// <summary>
    /// <c>setpriv</c> of util-linux, which asks the kernel to kill the program it starts when the thread that started it ends; null where the
    /// machine has none. The runtime of a rank asks for the same itself.
    /// </summary>
    public static string? Setpriv { get; } = OperatingSystem.IsLinux()
        ? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(folder => Path.Combine(folder, "setpriv")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>Sends a signal; nothing where the process is gone.</summary>
    public static void Send(int process, int signal) => _ = SendSignal(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
