using System.Reflection;
using System.Runtime.CompilerServices;

namespace GShard.Process.Tests;

/// <summary>Whatever strikes one rank, every other ends within 15 s with an exit code that is not 0 and a sentence that says what has happened.</summary>
public class FaultTests
{
    [Fact]
    public void Without_a_fault_all_ranks_end_well()
    {
        using var run = new FaultRun("none");
        for (var rank = 0; rank < 3; rank++)
        {
            Assert.True(run[rank].Wait(TimeSpan.FromSeconds(90)), run.All());
            Assert.True(run[rank].ExitCode == 0, run.All());
            Assert.Contains($"rank {rank} is done", run[rank].Output);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void A_rank_is_killed(int victim)
    {
        using var run = new FaultRun("killed", victim);
        run.WaitForFault();
        run.OthersFailWith("ended without a word: it was killed, or has crashed", $"rank {victim}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void A_rank_is_stopped(int victim)
    {
        using var run = new FaultRun("stopped", victim);
        run.WaitForFault();
        run.OthersFailWith($"rank {victim}", "has not answered for");
    }

    [Fact]
    public void A_rank_throws()
    {
        using var run = new FaultRun("thrown");
        run.WaitForFault();
        run.OthersFailWith("rank 1 failed in or after AllGather(f32[50000, 3], dim 0) over 'data': InvalidOperationException: the data has run out");
        Assert.True(run[1].Wait(TimeSpan.FromSeconds(10)));
        Assert.NotEqual(0, run[1].ExitCode);
        Assert.Contains("the data has run out", run[1].Error);
    }

    [Fact]
    public void A_rank_returns_before_its_time()
    {
        using var run = new FaultRun("returned");
        run.WaitForFault();
        run.OthersFailWith("rank 1 has returned, but rank", "every rank must call the same collectives in the same order");
    }

    [Fact]
    public void A_rank_leaves_out_a_collective()
    {
        using var run = new FaultRun("skipped");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "rank 1 called AllReduce(f32[50000, 3]) over 'data' where rank 0 called AllReduce(f32[16, 3])");
    }

    [Fact]
    public void A_rank_has_another_shape()
    {
        using var run = new FaultRun("shapes");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "rank 1 called AllReduce(f32[17, 3]) over 'data' where rank 0 called AllReduce(f32[16, 3]); the shapes must be equal");
    }

    [Fact]
    public void A_rank_has_another_shape_of_a_large_operand()
    {
        using var run = new FaultRun("large");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "rank 1 called AllReduce(f32[2097152]) over 'data' where rank 0 called AllReduce(f32[1048576, 3])");
    }

    [Fact]
    public void A_rank_splits_otherwise()
    {
        using var run = new FaultRun("splits");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "makes the chunks [4, 5, 4]; 13 over 3 ranks must be the chunks [5, 5, 3]");
    }

    [Fact]
    public void A_rank_runs_another_program()
    {
        using var run = new FaultRun("plan");
        run.WaitForFault();
        run.OthersFailWith("Rank 1 runs another program: its plan has hash another program, rank 0's has this program");
    }

    [Fact]
    public void A_rank_computes_for_ever()
    {
        using var run = new FaultRun("loop");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "waited 5 s in AllReduce(f32[16, 3]) over 'data'", "for rank 1 (last seen in AllGather(f32[50000, 3], dim 0) over 'data')", "GShard.RankProgram.Steps.Step");
        // What each rank has called: three steps, of two collectives each, and those that wait are in a fourth.
        const string steps = "AllReduce(f32[50000, 3]) over 'data'; AllGather(f32[50000, 3], dim 0) over 'data'";
        for (var rank = 0; rank < 3; rank++)
            foreach (var other in new[] { 0, 1, 2 })
                Assert.Contains($"\n  rank {other}: {steps}; AllReduce(f32[16, 3]) over 'data'; AllGather(f32[16, 3], dim 0) over 'data'; {steps}{(other == 1 ? "" : "; AllReduce(f32[16, 3]) over 'data'")}\n", run[rank].Error + "\n");
    }

    [Fact]
    public void A_rank_computes_for_ever_while_others_wait_for_it_in_a_model()
    {
        using var run = new FaultRun("model");
        run.WaitForFault();
        run.FailWith([0, 1, 2], $"waited 5 s in AllReduce(f32[3]) over 'data' (called by Total.forward, for relu (Total.cs:{LineOf("Total.cs", "total.relu()")})) for rank 1 (last seen in");
    }

    [Fact]
    public void A_rank_has_a_gradient_of_another_shape()
    {
        using var run = new FaultRun("gradients");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "rank 1 called AllReduce(f32[600, 200]) over 'data' where rank 0 called AllReduce(f32[500, 200]); the shapes must be equal");
        Assert.Contains("GShard.RankProgram.Steps.Backward", run.All());
    }

    [Fact]
    public void A_rank_throws_in_a_backward_while_its_gradients_are_exchanged()
    {
        using var run = new FaultRun("backward");
        run.WaitForFault();
        run.OthersFailWith("rank 1 failed in or after", "InvalidOperationException: the data has run out");
        Assert.True(run[1].Wait(TimeSpan.FromSeconds(10)));
        Assert.NotEqual(0, run[1].ExitCode);
        Assert.Contains("the data has run out", run[1].Error);
    }

    [Fact]
    public void A_rank_never_starts_its_exchange_of_gradients()
    {
        using var run = new FaultRun("unstarted");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "waited 5 s in AllReduce(f32[500, 200]) over 'data' (called by GShard.RankProgram.Steps.Backward", "for rank 1 (last seen in");
    }

    [Fact]
    public void A_rank_takes_another_path()
    {
        using var run = new FaultRun("shapes", variables: new() { ["GSHARD_CHECK"] = "collectives" }, row: "path");
        run.WaitForFault();
        run.FailWith([0, 1, 2], "they come from GShard.RankProgram.Steps.Strike", "and from GShard.RankProgram.Steps.Step");
    }

    [Fact]
    public void A_rank_never_starts()
    {
        using var run = new FaultRun("absent", variables: new() { ["GSHARD_START_TIMEOUT"] = "6" });
        run.OthersFailWith("rank 1 did not start within 6 s, but ranks 0 and 2 did");
    }

    [Fact]
    public void Rank_0_never_starts()
    {
        using var run = new FaultRun("absent", victim: 0, variables: new() { ["GSHARD_START_TIMEOUT"] = "6" });
        run.OthersFailWith("did not find rank 0 at 127.0.0.1");
    }

    [Fact]
    public void The_port_is_taken()
    {
        using var run = new FaultRun("port", victim: 0, variables: new() { ["GSHARD_START_TIMEOUT"] = "6" });
        run.FailWith([0], "is taken by another program, and rank 0 needs it");
        run.FailWith([1, 2], "did not find rank 0 at 127.0.0.1");
    }

    [Fact]
    public void A_rank_has_another_option()
    {
        using var run = new FaultRun("none", victim: 2, command: rank => rank == 2 ? ["env", "GSHARD_TIMEOUT=77"] : [], row: "option");
        run.FailWith([0, 1, 2], "rank 2", "has time-out 77 s where rank 0 has 5 s; start every rank alike");
    }

    [Fact]
    public void A_rank_has_another_backend()
    {
        // NCCL's library is found by each, or it would be at fault.
        using var nccl = new FakeNccl();
        var variables = nccl.Variables.Where(variable => variable.Key != "GSHARD_BACKEND").ToDictionary(variable => variable.Key, variable => variable.Value);
        using var run = new FaultRun("none", victim: 2, variables, command: rank => ["env", $"GSHARD_BACKEND={(rank == 2 ? "nccl" : "gloo")}"], row: "backend");
        run.FailWith([0, 1, 2], "rank 2", "has backend 'nccl' where rank 0 has 'gloo'; start every rank alike");
    }

    [Fact]
    public void A_rank_is_another_build()
    {
        var other = Directory.CreateTempSubdirectory("gshard-build-").FullName;
        try
        {
            // The same program with another identity, as a compiler gives it to other sources.
            foreach (var file in Directory.GetFiles(AppContext.BaseDirectory)) File.Copy(file, Path.Combine(other, Path.GetFileName(file)));
            var path = Path.Combine(other, "RankProgram.dll");
            var identity = Assembly.LoadFrom(Child.Program("RankProgram.dll")).ManifestModule.ModuleVersionId.ToByteArray();
            var bytes = File.ReadAllBytes(path);
            bytes[bytes.AsSpan().IndexOf(identity)]++;
            File.WriteAllBytes(path, bytes);

            using var run = new FaultRun("none", program: rank => Path.Combine(rank == 1 ? other : AppContext.BaseDirectory, "RankProgram.dll"), row: "build");
            run.FailWith([0, 1, 2], "rank 1", "has build RankProgram");
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    private static int LineOf(string file, string what, [CallerFilePath] string path = "") =>
        Array.FindIndex(File.ReadAllLines(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "RankProgram", file)), line => line.Contains(what, StringComparison.Ordinal)) + 1;
}
