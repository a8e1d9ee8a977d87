using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace GShard.Tool.Launch;

/// <summary>
/// Ends what the ranks' programs have started when the launch ends, in whatever way: a shell in a session of its own waits for the end of this
/// process and kills every process that has its number in its environment, which what a rank starts inherits at any depth.
/// </summary>
internal sealed class LaunchGuard : IDisposable
{
    /// <summary>The variable by which what belongs to a launch is known.</summary>
    public const string Variable = "GSHARD_LAUNCH_PROCESS";

    // A process that is being killed starts no other, so this ends; one that cannot be killed is given up.
    private const string Script = """
        trap '' HUP INT TERM
        read -r end
        for turn in 1 2 3 4 5 6 7 8 9 10; do
          left=$(grep -lzx -e "$1" /proc/[0-9]*/environ 2>/dev/null)
          [ -n "$left" ] || exit 0
          for file in $left; do file=${file%/environ}; kill -KILL "${file#/proc/}" 2>/dev/null; done
          sleep 0.1
        done
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process? shell;

    public LaunchGuard()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/bin/sh")) return;
        string[] line = [.. ChildProcess.OwnSession, "/bin/sh", "-c", Script, "gshard-guard", $"{Variable}={Value}"];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true };
        // Under a launch inside another's rank it must outlive what the outer one kills.
        start.Environment.Remove(Variable);
        try
        {
            shell = Process.Start(start);
        }
        catch (Win32Exception)
        {
            // The launch itself ends its ranks; only what they leave behind would stay.
        }
    }

    /// <summary>The variable's value in what belongs to this launch.</summary>
    public static string Value => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Ends what is left now.</summary>
    public void Dispose()
    {
        if (shell is null) return;
        shell.StandardInput.Close();
        shell.WaitForExit(Patience);
        shell.Dispose();
    }
}
