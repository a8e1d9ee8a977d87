namespace GShard.Process.Tests;

/// <summary>The libnccl of the tests, with a folder of its own, in which it notes what it is called for and what was wrong with that.</summary>
internal sealed class FakeNccl : IDisposable
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"gshard-nccl-{Guid.NewGuid():N}")).FullName;

    public FakeNccl(params (string Name, string Value)[] more)
    {
        Variables = new Dictionary<string, string>
        {
            ["GSHARD_BACKEND"] = "nccl",
            ["GSHARD_NCCL"] = Child.Program("libfake_nccl.so"),
            ["FAKE_NCCL_FOLDER"] = folder,
        };
        foreach (var (name, value) in more) Variables[name] = value;
    }

    /// <summary>What the ranks' environment must have.</summary>
    public Dictionary<string, string> Variables { get; }

    /// <summary>What broke NCCL's rules, a line each.</summary>
    public string Violations => Text("violations.txt");

    /// <summary>How often a function was called, by all ranks together.</summary>
    public int Count(string function) => Text("calls.txt").Split('\n').Count(line => line.EndsWith($" {function}", StringComparison.Ordinal));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Text(string file) => Path.Combine(folder, file) is var path && File.Exists(path) ? File.ReadAllText(path) : "";
}
