using System.Diagnostics;

namespace Sample.Tests.CommandLine;

/// <summary>Runs the sample as a process of its own, as a user does.</summary>
internal static class SampleProcess
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    public static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Sample.Model.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The sample did not end in {Deadline}: {string.Join(' ', arguments)}");
        }
        return (process.ExitCode, output.Result, error.Result);
    }
}
