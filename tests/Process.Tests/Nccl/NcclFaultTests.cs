namespace GShard.Process.Tests;

/// <summary>Whatever strikes a rank, the others' communicators are aborted and they end in time, with one sentence.</summary>
public class NcclFaultTests
{
    [Theory]
    [InlineData("killed", "ended without a word: it was killed, or has crashed")]
    [InlineData("stopped", "has not answered for")]
    [InlineData("thrown", "rank 1 failed in or after AllGather(f32[50000, 3], dim 0) over 'data': InvalidOperationException: the data has run out")]
    public void A_rank_fails(string fault, string text)
    {
        using var nccl = new FakeNccl();
        using var run = new FaultRun(fault, 1, nccl.Variables, row: $"nccl-{fault}");
        run.WaitForFault();
        run.OthersFailWith(text);
        Assert.Equal("", nccl.Violations);
        Assert.True(nccl.Count("abort") >= 2, run.All());
    }

    [Theory]
    [InlineData("skipped", "rank 1 called AllReduce(f32[50000, 3]) over 'data' where rank 0 called AllReduce(f32[16, 3])")]
    [InlineData("plan", "Rank 1 runs another program: its plan has hash another program, rank 0's has this program")]
    [InlineData("shapes", "rank 1 called AllReduce(f32[17, 3]) over 'data' where rank 0 called AllReduce(f32[16, 3]); the shapes must be equal")]
    public void Ranks_disagree(string fault, string text)
    {
        using var nccl = new FakeNccl();
        using var run = new FaultRun(fault, 1, nccl.Variables, row: $"nccl-{fault}");
        run.WaitForFault();
        run.FailWith([0, 1, 2], text);
        Assert.Equal("", nccl.Violations);
    }

    [Fact]
    public void An_exchange_breaks_under_way()
    {
        // In the third group that each rank hands over.
        using var nccl = new FakeNccl(("FAKE_NCCL_BREAK", "3"));
        using var run = new FaultRun("none", 1, nccl.Variables, row: "nccl-broken");
        run.FailWith([0, 1, 2], "remote process exited or there was a network error");
        Assert.Equal("", nccl.Violations);
    }

    [Fact]
    public void Ranks_on_one_device_are_told_apart_by_host_names_of_their_own()
    {
        using var nccl = new FakeNccl(("FAKE_NCCL_DEVICE", "0000:01:00.0"));
        using var run = new FaultRun("none", 1, nccl.Variables, row: "nccl-device");
        run.FailWith([0, 1, 2], "ranks 0 and 1 both use cpu (0000:01:00.0) of ", "give each rank a device of its own (cuda:LOCAL_RANK), or, to test on one device, each process its own NCCL_HOSTID");
        Assert.Equal(0, nccl.Count("init"));
    }

    [Fact]
    public void Tensors_in_host_memory_are_refused()
    {
        // As NCCL itself, which brings no device of its own.
        using var nccl = new FakeNccl(("FAKE_NCCL_DEVICE", "cuda"));
        using var run = new FaultRun("none", 1, nccl.Variables, row: "nccl-memory");
        run.FailWith([0, 1, 2], "NCCL exchanges tensors on CUDA devices, but the operand is on cpu; move it to this rank's device first, or run every rank with GSHARD_BACKEND=gloo");
        Assert.Equal(0, nccl.Count("init"));
    }

    [Theory]
    [InlineData("GSHARD_NCCL", "/nowhere/libnccl.so.2", "The backend is nccl, but '/nowhere/libnccl.so.2' cannot be loaded; install NCCL 2.14 or newer")]
    [InlineData("GSHARD_NCCL", "libc.so.6", "'libc.so.6' is not NCCL: it has no ncclGetVersion")]
    [InlineData("FAKE_NCCL_VERSION", "21300", "is NCCL 2.13.0, and the backend nccl needs 2.14 or newer")]
    [InlineData("GSHARD_BACKEND", "mpi", "GSHARD_BACKEND is 'mpi'; it can be gloo or nccl.")]
    public void What_cannot_be_used_is_one_sentence(string variable, string value, string text)
    {
        using var nccl = new FakeNccl((variable, value));
        using var child = NcclCollectiveTests.Start(0, 2, FreePort.Take(), nccl, "none");
        Assert.True(child.Wait(TimeSpan.FromSeconds(60)));
        Assert.NotEqual(0, child.ExitCode);
        Assert.Contains(text, child.Error);
    }

    [Fact]
    public void Versions_that_differ_are_one_sentence()
    {
        using var nccl = new FakeNccl();
        using var old = new FakeNccl(("FAKE_NCCL_VERSION", "22705"));
        var port = FreePort.Take();
        Child[] children = [.. Enumerable.Range(0, 3).Select(rank => NcclCollectiveTests.Start(rank, 3, port, rank == 2 ? old : nccl, "none"))];
        try
        {
            foreach (var child in children)
            {
                Assert.True(child.Wait(TimeSpan.FromSeconds(90)), child.Error);
                Assert.NotEqual(0, child.ExitCode);
                Assert.Contains("has NCCL 2.27.5 where rank 0 has 2.30.7; start every rank alike", child.Error);
            }
        }
        finally
        {
            foreach (var child in children) child.Dispose();
        }
    }
}
