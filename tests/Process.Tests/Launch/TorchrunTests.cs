using System.Text.RegularExpressions;

namespace GShard.Process.Tests;

/// <summary>What torchrun shows when a rank fails.</summary>
public partial class TorchrunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [TorchrunTheory]
    [InlineData("thrown", 0, "InvalidOperationException: the data has run out")]
    [InlineData("thrown", 1, "InvalidOperationException: the data has run out")]
    [InlineData("killed", 0, "Signal 9 (SIGKILL) received")]
    [InlineData("killed", 1, "Signal 9 (SIGKILL) received")]
    [InlineData("shapes", 2, "rank 2 called AllReduce(f32[17, 3])")]
    public void The_root_cause_is_the_rank_that_failed(string fault, int victim, string text)
    {
        string[] arguments =
        [
            .. TorchrunFactAttribute.Run, "--no_python", "--nproc_per_node", "3", "--master_port", FreePort.Take(), "-r", "0:1", "-t", "0:1",
            "dotnet", Child.Program("RankProgram.dll"), fault, $"{victim}",
        ];
        using var torchrun = new Child(TorchrunFactAttribute.Python, arguments);
        Assert.True(torchrun.Wait(Limit), torchrun.Output + torchrun.Error);
        Assert.NotEqual(0, torchrun.ExitCode);
        var cause = torchrun.Error[torchrun.Error.LastIndexOf("Root Cause", StringComparison.Ordinal)..];
        Assert.True(RankLine().Match(cause).Groups[1].Value == $"{victim}", torchrun.Error);
        Assert.Contains(text, cause);
    }

    [GeneratedRegex(@"^\s*rank\s*: (\d+) \(local_rank", RegexOptions.Multiline)]
    private static partial Regex RankLine();
}
