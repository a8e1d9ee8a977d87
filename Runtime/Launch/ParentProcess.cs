using System.Globalization;
using System.Runtime.InteropServices;

namespace GShard;

/// <summary>Ties a rank to the launcher that started it: a rank without one would compute, or wait, for nobody.</summary>
internal static partial class ParentProcess
{
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;

    /// <summary>Has the kernel kill this process when <c>gshard launch</c>, which has started it, ends in whatever way.</summary>
    public static void Follow()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("GSHARD_LAUNCH_PROCESS") is not { Length: > 0 } text) return;
        // Only of the launcher's own children: a script in between has other ways.
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var launcher) || ParentId() != launcher) return;
        _ = Control(SetParentDeathSignal, Kill, 0, 0, 0);
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);
}
