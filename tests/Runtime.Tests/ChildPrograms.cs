using System.Diagnostics;

namespace GShard.Runtime.Tests;

/// <summary>Programs that tests run as processes of their own: this assembly, with a name as its only argument.</summary>
internal static class ChildPrograms
{
    private static readonly Dictionary<string, Action> Programs = new()
    {
        [nameof(Killed_while_saving.Stamped)] = Killed_while_saving.Stamped.Run,
    };

    public static void Main(string[] arguments) => Programs[arguments[0]]();

    /// <summary>Starts one; its input is for the caller to write, its output and errors to read.</summary>
    public static Process Start(string name)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "GShard.Runtime.Tests.dll"));
        start.ArgumentList.Add(name);
        return Process.Start(start)!;
    }
}
