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
    public void The_failed_rank_ends_before_those_that_learn_of_it()
    {
        using var launch = Launch("-n", "3", Child.Program("RankProgram.dll"), "thrown", "2");
        Assert.True(launch.Wait(Limit));
        Assert.Contains("gshard launch: rank 2 (process ", launch.Error);
        Assert.Contains("the data has run out", launch.Error[launch.Error.IndexOf("failed first", StringComparison.Ordinal)..]);
    }

    [Theory]
    [InlineData("exec sleep 300")]
    [InlineData("sleep 300; true")]
    [InlineData("sleep 300 & setsid sleep 300; wait")]
    public void Ranks_and_what_they_have_started_do_not_outlive_the_launcher(string script)
    {
        using var launch = Launch("-n", "2", "/bin/sh", "-c", $"echo ready; {script}");
        launch.WaitFor("[1] ready", Limit);
        launch.WaitFor("[0] ready", Limit);
        Until(() => Running(launch).Count(IsSleep) >= 2);
        using (var kill = new Child("kill", ["-KILL", Text(launch.Id)])) kill.Wait(Limit);
        Until(() => Running(launch).Count == 0);
        Assert.Empty(Running(launch));
    }

    [Fact]
    public void A_rank_behind_a_script_does_not_outlive_the_launcher_even_alone()
    {
        // Nothing but the rank itself is left that knows of the launcher.
        using var launch = Launch("-n", "1", "/bin/sh", "-c", $"dotnet {Child.Program("RankProgram.dll")} loop 0; true");
        launch.WaitFor("fault at", Limit);
        using (var kill = new Child("kill", ["-KILL", .. Children(launch.Id).Where(id => !Running(launch).Contains(id)).Select(Text), Text(launch.Id)])) kill.Wait(Limit);
        Until(() => Running(launch).Count == 0);
        Assert.Empty(Running(launch));
    }

    [Fact]
    public void A_failure_ends_what_other_ranks_have_started()
    {
        using var launch = Launch("-n", "2", "--grace", "0.5", "/bin/sh", "-c", "if [ $RANK = 0 ]; then sleep 1; exit 9; fi; sleep 300; true");
        Assert.True(launch.Wait(Limit));
        Assert.Equal(9, launch.ExitCode);
        Assert.Empty(Running(launch));
    }

    [Fact]
    public void A_rank_that_is_stopped_fails_the_launch_and_is_ended()
    {
        using var launch = Launch("-n", "3", "--grace", "2", Child.Program("RankProgram.dll"), "stopped", "1");
        Assert.True(launch.Wait(Limit), launch.Error);
        Assert.NotEqual(0, launch.ExitCode);
        Assert.Contains("rank 1 (process ", launch.Error);
        Assert.Contains("has not answered for", launch.Error);
        Assert.Contains("Then rank 1, by signal", launch.Error);
        Assert.Contains("ended by the launcher", launch.Error);
        Assert.Empty(Running(launch));
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
    public void What_a_script_has_started_may_take_its_time_after_a_signal()
    {
        using var launch = Launch("-n", "2", "/bin/sh", "-c", "/bin/sh -c 'trap \"sleep 1; echo saved; exit 0\" TERM; echo ready; while :; do sleep 0.1; done'; true");
        launch.WaitFor("[1] ready", Limit);
        launch.WaitFor("[0] ready", Limit);
        using (var kill = new Child("kill", ["-TERM", Text(launch.Id)])) kill.Wait(Limit);
        Assert.True(launch.Wait(Limit));
        Assert.Equal(128 + 15, launch.ExitCode);
        Assert.Contains("[0] saved", launch.Output);
        Assert.Contains("[1] saved", launch.Output);
        Assert.Empty(Running(launch));
    }

    [Fact]
    public void What_cannot_be_launched_is_one_sentence()
    {
        foreach (var (arguments, text) in new (string[], string)[]
        {
            (["-n", "0", "app.dll"], "-n 0 cannot be"),
            (["-n", "1", "nowhere.dll"], "there is no file 'nowhere.dll'"),
            (["--hosts", "2", "/bin/true"], "--address must name host 0"),
            (["--prot", "3", "/bin/true"], "there is no option --prot; before the program there can be --ranks (-n), --hosts"),
            (["-n", "1", "nosuchprog"], "there is no program 'nosuchprog' in PATH"),
            (["-n", "1", "/nowhere/program"], "there is no file '/nowhere/program'"),
            (["-n", "1", "/etc/passwd"], "'/etc/passwd' is not executable"),
            (["-n", "two", "/bin/true"], "two"),
            ([], "no program is named"),
        })
        {
            using var launch = Launch(arguments);
            Assert.True(launch.Wait(Limit));
            Assert.Equal(2, launch.ExitCode);
            Assert.Contains(text, launch.Error);
            Assert.Single(launch.Error.TrimEnd().Split('\n'));
        }
    }

    [Fact]
    public void What_stands_behind_the_program_is_the_program_s()
    {
        using var launch = Launch("-n1", "--grace=3", "/bin/sh", "-c", "echo \"$@\"", "sh", "--port", "7", "-n", "--", "@file", "--help");
        Assert.True(launch.Wait(Limit));
        Assert.True(launch.ExitCode == 0, launch.Error);
        Assert.Contains("[0] --port 7 -n -- @file --help", launch.Output);
    }

    private static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);

    private static void Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(10);
        while (!condition() && DateTime.UtcNow < deadline) Thread.Sleep(20);
    }

    private static List<int> Children(int id) =>
        [.. File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];

    private static bool IsSleep(int id) => Read(id, "comm") == "sleep\n";

    // The processes that have the launcher in their environment; the dead have none.
    private static List<int> Running(Child launch) =>
    [
        .. Directory.GetDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id != 0 && Read(id, "environ").Split('\0').Contains($"GSHARD_LAUNCH_PROCESS={launch.Id}")),
    ];

    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
