using System.Diagnostics;

namespace GShard.Runtime.Tests;

/// <summary>Programs that tests run as processes of their own: this assembly, with a name as its first argument.</summary>
internal static class ChildPrograms
{
    private static readonly Dictionary<string, Action<string[]>> Programs = new()
    {
        [nameof(Killed_while_saving.Stamped)] = Killed_while_saving.Stamped.Run,
    };

    public static void Main(string[] arguments) => Programs[arguments[0]](arguments[1..]);

    /// <summary>Starts one; its output and errors are for the caller to read.</summary>
    public static Process Start(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "GShard.Runtime.Tests.dll"));
        start.ArgumentList.Add(name);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
