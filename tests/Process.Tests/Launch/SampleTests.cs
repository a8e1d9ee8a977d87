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

    // The column of the losses in the lines of progress.
    private IEnumerable<string> Losses => Output.Split('\n').Where(line => line.Contains(" %  ") && line.Contains("of even")).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^7]);

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

    [TorchrunFact]
    public void Torchrun_starts_it_too()
    {
        var threads = Run("threads", "dotnet", [.. Sample("threads"), "--ranks", "4"]);
        // Under Python 3.11 torchrun 1.13 fails at its defaults of these two options.
        string[] options = ["-m", "torch.distributed.run", "--no_python", "--nproc_per_node", "4", "--master_port", FreePort.Take(), "-r", "0:1", "-t", "0:1"];
        Assert.Equal(threads, Run("processes", TorchrunFactAttribute.Python, [.. options, "dotnet", .. Sample("processes")]));
    }
}
