using System.Diagnostics;
using System.Text;

namespace Sample.Tests.CommandLine;

/// <summary>Runs the sample as a process of its own, as a user does.</summary>
internal static class SampleProcess
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Runs it to its end; standard output goes to <paramref name="seen"/> too, line by line, with the process.</summary>
    public static (int ExitCode, string Output, string Error) Run(string[] arguments, Action<Process, string>? seen = null, params (string Name, string Value)[] variables)
    {
        // Tests that run in the background of a shell have interrupts ignored, which their children would inherit.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Sample.Model.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = Task.Run(() =>
        {
            var lines = new StringBuilder();
            while (process.StandardOutput.ReadLine() is { } line)
            {
                lines.AppendLine(line);
                seen?.Invoke(process, line);
            }
            return lines.ToString();
        });
        if (!process.WaitForExit(Deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The sample did not end in {Deadline}: {string.Join(' ', arguments)}");
        }
        return (process.ExitCode, output.Result, error.Result);
    }
}
