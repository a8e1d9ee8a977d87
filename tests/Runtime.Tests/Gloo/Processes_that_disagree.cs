using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Ranks that call different collectives hear of it from each other, long before the time-out.</summary>
public class Processes_that_disagree
{
    private static string Fails(int size, Action<MeshAxis> body, MeshOptions? options = null)
    {
        var failures = ProcessThreads.Failures([("a", size)], _ => options ?? new MeshOptions(), mesh => body(mesh.Axis("a")));
        Assert.All(failures, failure => Assert.IsType<CollectiveException>(failure));
        return failures.First(failure => !((CollectiveException)failure!).IsConsequence)!.Message;
    }

    [Fact]
    public void A_large_broadcast_where_another_reduces()
    {
        using var x = ones(1 << 18);
        var message = Fails(3, axis =>
        {
            // Those that agree go on, and say what with next.
            (axis.Rank == 1 ? axis.AllReduce(x) : axis.Broadcast(x)).Dispose();
            axis.Barrier();
        });
        Assert.Contains("every rank must call the same collectives in the same order", message);
        Assert.Contains("AllReduce(f32[262144])", message);
    }

    [Fact]
    public void One_operand_where_another_has_more()
    {
        using var small = ones(5);
        using var large = ones(1 << 18, ScalarType.Int64);
        var message = Fails(2, axis => axis.AllReduce(axis.Rank == 0 ? [small] : [small, large]));
        Assert.Contains("every rank must pass as many operands", message);
    }

    [Fact]
    public void Small_and_large_operands()
    {
        using var small = ones(5);
        using var large = ones(1 << 20);
        foreach (var order in Enum.GetValues<AllReduceOrder>())
            Assert.Contains("the shapes must be equal", Fails(3, axis => axis.AllReduce(axis.Rank == 2 ? small : large).Dispose(), new MeshOptions { AllReduce = order }));
    }

    [Fact]
    public void The_first_collective_is_missed()
    {
        using var x = ones(1 << 21);
        var options = new MeshOptions { AllReduce = AllReduceOrder.Native, Timeout = TimeSpan.FromSeconds(2) };
        using var late = new ManualResetEventSlim();
        var failures = ProcessThreads.Failures([("a", 2)], _ => options, mesh =>
        {
            if (mesh.Rank == 1) late.Wait(TimeSpan.FromSeconds(10));
            try
            {
                mesh.Axis("a").AllReduce(x).Dispose();
            }
            finally
            {
                late.Set();
            }
        });
        Assert.Contains("rank 0 waited 2 s in AllReduce(f32[2097152]) over 'a'", failures[0]!.Message);
    }
}
