namespace GShard.Runtime.Tests;

/// <summary>A folder that is gone when the test is.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("gshard").FullName;

    public string this[string name] => Path.Combine(path, name);

    public string[] Files => [.. Directory.GetFiles(path).Select(file => Path.GetFileName(file)!)];

    public void Dispose() => Directory.Delete(path, recursive: true);
}
