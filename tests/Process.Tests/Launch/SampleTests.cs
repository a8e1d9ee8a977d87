using System.Text.RegularExpressions;

namespace GShard.Process.Tests;

/// <summary>The sample trains on four processes as on four threads, to the last bit of every weight.</summary>
public sealed class SampleTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly string folder = Directory.CreateTempSubdirectory("gshard-sample-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string[] Sample(string save) =>
    [
        Child.Program("Sample.Model.dll"), "--width", "16", "--hidden", "32", "--heads", "2", "--experts", "4", "--batch", "16", "--languages", "de,fr", "--steps", "20",
        "--save", Path.Combine(folder, save),
    ];

    private byte[] Run(string save, string file, params string[] arguments)
    {
        using var child = new Child(file, arguments);
        Assert.True(child.Wait(Limit), child.Output + child.Error);
        Assert.True(child.ExitCode == 0, child.Output + child.Error);
        Output = child.Output;
        return File.ReadAllBytes(Path.Combine(folder, save));
    }

    private string Output { get; set; } = "";

    // What the lines of progress say.
    private IEnumerable<string> Losses => Regex.Matches(Output, @" %  step .*  loss (\S+) .*of even").Select(line => line.Groups[1].Value);

    [Fact]
    public void Four_processes_give_the_weights_and_losses_of_four_threads()
    {
        var threads = Run("threads", "dotnet", [.. Sample("threads"), "--ranks", "4"]);
        var losses = Losses.ToList();
        Assert.NotEmpty(losses);
        var processes = Run("processes", "dotnet", [Child.Program("gshard.dll"), "launch", "-n", "4", .. Sample("processes"), "--backend", "gloo"]);
        Assert.Equal(threads, processes);
        Assert.Equal(losses, Losses);
    }

    [Fact]
    public void Processes_of_which_one_was_killed_go_on_from_their_last_save_to_the_same_weights()
    {
        var threads = Run("threads", "dotnet", [.. Sample("threads"), "--ranks", "4"]);
        var state = Path.Combine(folder, "state");
        string[] saving = [Child.Program("gshard.dll"), "launch", "-n", "4", .. Sample("processes"), "--backend", "gloo", "--checkpoint-dir", state, "--save-every", "2"];
        using (var launch = new Child("dotnet", saving))
        {
            var deadline = DateTime.UtcNow + Limit;
            while (!File.Exists(Path.Combine(state, "latest")) && DateTime.UtcNow < deadline) Thread.Sleep(5);
            var ranks = File.ReadAllText($"/proc/{launch.Id}/task/{launch.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Where(id => File.ReadAllText($"/proc/{id}/cmdline").Contains("Sample.Model.dll")).ToArray();
            Assert.Equal(4, ranks.Length);
            using (var kill = new Child("kill", ["-KILL", ranks[2]])) kill.Wait(Limit);
            Assert.True(launch.Wait(Limit), launch.Output + launch.Error);
            Assert.NotEqual(0, launch.ExitCode);
        }
        Assert.Equal(threads, Run("processes", "dotnet", [.. saving, "--resume"]));
    }

    [TorchrunFact]
    public void Torchrun_starts_it_too()
    {
        var threads = Run("threads", "dotnet", [.. Sample("threads"), "--ranks", "4"]);
        // Under Python 3.11 torchrun 1.13 fails at its defaults of these two options.
        string[] options = [.. TorchrunFactAttribute.Run, "--no_python", "--nproc_per_node", "4", "--master_port", FreePort.Take(), "-r", "0:1", "-t", "0:1"];
        var losses = Losses.ToList();
        Assert.NotEmpty(losses);
        Assert.Equal(threads, Run("processes", TorchrunFactAttribute.Python, [.. options, "dotnet", .. Sample("processes")]));
        Assert.Equal(losses, Losses);
    }
}
