namespace GShard.Process.Tests;

/// <summary>A test that needs torchrun, of the machine's own Python.</summary>
public sealed class TorchrunFactAttribute : FactAttribute
{
    public const string Python = "/usr/bin/python3";

    /// <summary>What Python is to run.</summary>
    public static readonly string[] Run = ["-m", "torch.distributed.run"];

    /// <summary>Why the test cannot run here, or null where it can.</summary>
    internal static string? Reason => HasTorchrun.Value ? null : "There is no torchrun here (Debian: python3-torch).";

    private static readonly Lazy<bool> HasTorchrun = new(() =>
    {
        if (!File.Exists(Python)) return false;
        using var python = new Child(Python, ["-c", "import torch.distributed.run"]);
        return python.Wait(TimeSpan.FromSeconds(60)) && python.ExitCode == 0;
    });

    public TorchrunFactAttribute()
    {
        if (Reason is { } reason) Skip = reason;
    }
}
