using System.Globalization;
using System.Runtime.InteropServices;

namespace GShard;

/// <summary>Ties a rank to the launcher that started it: a rank without one would compute, or wait, for nobody.</summary>
internal static partial class ParentProcess
{
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;
    private const nint OpenProcessHandle = 434;
    private const short Readable = 1;

    /// <summary>
    /// Has this process killed when <c>gshard launch</c>, which has started it or a script that did, ends in whatever way. A launcher that is no
    /// ancestor here, as one outside a container, is not known by its number.
    /// </summary>
    public static void Follow()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("GSHARD_LAUNCH_PROCESS") is not { Length: > 0 } text) return;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var launcher)) return;
        var parent = ParentId();
        // The kernel does it where the launcher is the parent.
        if (parent == launcher) _ = Control(SetParentDeathSignal, Kill, 0, 0, 0);
        else if (IsAncestor(launcher, parent) && OpenHandle(OpenProcessHandle, launcher, 0) is >= 0 and var handle) Watch((int)handle);
    }

    private static bool IsAncestor(int launcher, int process)
    {
        while (process > 1 && process != launcher) process = ParentOf(process);
        return process == launcher;
    }

    private static int ParentOf(int process)
    {
        try
        {
            // "12 (a name, which may hold anything) S 7 …"
            var line = File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/stat");
            return int.Parse(line[(line.LastIndexOf(')') + 1)..].Split(' ')[2], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static void Watch(int handle) => new Thread(() =>
    {
        var waited = new Poll { Handle = handle, Events = Readable };
        // An interrupted wait is taken up again; one that cannot be is none.
        int ready;
        do ready = Wait(ref waited, 1, -1);
        while (ready < 0 && Marshal.GetLastPInvokeError() == 4);
        if (ready > 0) _ = Signal(Environment.ProcessId, Kill);
    })
    { Name = "GShard end of the launcher", IsBackground = true }.Start();

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint OpenHandle(nint number, nint process, nint flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Wait(ref Poll handles, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int Handle;
        public short Events;
        public short Returned;
    }
}
