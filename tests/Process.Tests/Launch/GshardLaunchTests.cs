using System.Globalization;

namespace GShard.Process.Tests;

/// <summary><c>gshard launch</c> as a user runs it.</summary>
public class GshardLaunchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static Child Launch(params string[] arguments) => new("dotnet", [Child.Program("gshard.dll"), "launch", .. arguments], new Dictionary<string, string>
    {
        ["GSHARD_TIMEOUT"] = "5",
        ["GSHARD_HEARTBEAT"] = "5",
        ["GSHARD_GRACE"] = "2",
    });

    [Fact]
    public void Output_has_the_rank_before_each_line()
    {
        using var launch = Launch("-n", "3", Child.Program("RankProgram.dll"), "none");
        Assert.True(launch.Wait(Limit));
        Assert.True(launch.ExitCode == 0, launch.Error);
        for (var rank = 0; rank < 3; rank++) Assert.Contains($"[{rank}] rank {rank} is done", launch.Output);
    }

    [Fact]
    public void The_first_failure_is_shown_as_the_cause_and_its_exit_code_returned()
    {
        using var launch = Launch("-n", "3", Child.Program("RankProgram.dll"), "killed", "2");
        Assert.True(launch.Wait(Limit));
        Assert.True(launch.ExitCode == 137, launch.Error);
        Assert.Contains("gshard launch: rank 2 (process ", launch.Error);
        Assert.Contains("failed first, by signal 9.", launch.Error);
        Assert.Contains("Then rank 0, with exit code 3", launch.Error);
        Assert.Contains("rank 2 (process ", launch.Error);
    }

    [Fact]
    public void Ranks_do_not_outlive_the_launcher()
    {
        using var launch = Launch("-n", "2", "/bin/sh", "-c", "echo pid $$; exec sleep 300");
        launch.WaitFor("[1] pid", Limit);
        launch.WaitFor("[0] pid", Limit);
        var ranks = launch.Output.Split('\n').Where(line => line.Contains("pid")).Select(line => int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)).ToList();
        using (var kill = new Child("kill", ["-KILL", launch.Id.ToString(CultureInfo.InvariantCulture)])) kill.Wait(Limit);
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(5);
        while (ranks.Any(IsAlive) && DateTime.UtcNow < deadline) Thread.Sleep(20);
        Assert.DoesNotContain(ranks, IsAlive);

        static bool IsAlive(int id) => File.Exists($"/proc/{id}/stat") && File.ReadAllText($"/proc/{id}/stat").Split(' ')[2] != "Z";
    }

    [Fact]
    public void A_signal_goes_to_all_ranks()
    {
        using var launch = Launch("-n", "2", "/bin/sh", "-c", "trap 'echo asked to end; exit 7' TERM; echo ready; while :; do sleep 0.1; done");
        launch.WaitFor("[1] ready", Limit);
        launch.WaitFor("[0] ready", Limit);
        using (var kill = new Child("kill", ["-TERM", launch.Id.ToString(CultureInfo.InvariantCulture)])) kill.Wait(Limit);
        Assert.True(launch.Wait(Limit));
        Assert.Equal(7, launch.ExitCode);
        Assert.Contains("[0] asked to end", launch.Output);
        Assert.Contains("[1] asked to end", launch.Output);
    }

    [Fact]
    public void What_cannot_be_launched_is_one_sentence()
    {
        foreach (var (arguments, text) in new (string[], string)[]
        {
            (["-n", "0", "app.dll"], "-n 0 cannot be"),
            (["-n", "1", "nowhere.dll"], "there is no file 'nowhere.dll'"),
            (["--hosts", "2", "/bin/true"], "--address must name host 0"),
        })
        {
            using var launch = Launch(arguments);
            Assert.True(launch.Wait(Limit));
            Assert.Equal(2, launch.ExitCode);
            Assert.Contains(text, launch.Error);
        }
    }
}
