using System.Diagnostics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.RankProgram;

/// <summary>The steps of a rank. A fault strikes in the fourth.</summary>
internal sealed class Steps(DeviceMesh mesh, string fault, int victim)
{
    private const int FaultStep = 4;

    private readonly Total.Sharded? model = fault == "model" ? new Total().Shard(mesh) : null;

    public void Run()
    {
        // A run that meets no fault ends; one that does has no other end.
        for (var step = 1; step <= (fault == "none" ? 8 : 100_000); step++)
        {
            if (step == FaultStep)
            {
                if (mesh.Rank == 0) Console.WriteLine("fault follows");
                if (mesh.Rank == victim && Strike()) continue;
            }
            Step(step);
        }
    }

    // True where the step is left out.
    private bool Strike()
    {
        Console.WriteLine($"fault at {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}");
        switch (fault)
        {
            case "killed":
                Signal("KILL");
                break;
            case "stopped":
                Signal("STOP");
                break;
            case "thrown":
                throw new InvalidOperationException("the data has run out");
            case "returned":
                mesh.Dispose();
                Environment.Exit(0);
                break;
            case "skipped":
                return true;
            case "shapes":
                using (var x = ones([17, 3])) mesh.Axis("data").AllReduce(x).Dispose();
                break;
            case "large":
                using (var x = ones([1 << 21])) mesh.Axis("data").AllReduce(x).Dispose();
                break;
            case "splits":
                using (var x = ones([mesh.Size, 5])) mesh.Axis("data").AllToAll(x, 0, 1).Dispose();
                break;
            case "plan":
                new ShardPlan([], [], "another program").Verify(mesh);
                break;
            case "gradients":
                // The others are in an exchange of this size already.
                Backward([600, 200]);
                break;
            case "backward":
                Backward([500, 200], () => throw new InvalidOperationException("the data has run out"));
                break;
            case "loop" or "model" or "unstarted":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "cut":
                // The test cuts the network from outside.
                break;
        }
        return false;
    }

    private void Step(int step)
    {
        var axis = mesh.Axis("data");
        if (fault is "gradients" or "backward" or "unstarted") Backward([500, 200]);
        using var rows = ones([2, 3]);
        using var total = model?.forward(rows);
        if (fault == "plan" && step == FaultStep) new ShardPlan([], [], "this program").Verify(mesh);
        if (fault == "splits" && step == FaultStep)
        {
            using var chunk = ones([mesh.Size, 4]);
            axis.AllToAll(chunk, 0, 1).Dispose();
        }
        // Small and large in turn: the one in a frame, the other in exchanges of its own.
        using var x = ones([fault == "large" ? 1 << 20 : step % 2 == 0 ? 16 : 50_000, 3]).mul(mesh.Rank + step);
        using var sum = axis.AllReduce(x);
        var expected = (mesh.Size * step) + (mesh.Size * (mesh.Size - 1) / 2);
        if (sum[0, 0].ToSingle() != expected) throw new InvalidOperationException($"step {step} gives {sum[0, 0].ToSingle()}, not {expected}");
        using var whole = axis.AllGather(x, 0);
        Thread.Sleep(5);
    }

    // As generated code does it: the exchange goes on beside what follows.
    private void Backward(long[] shape, Action? follows = null)
    {
        var parameter = new Parameter(zeros(shape));
        using var exchanges = Gradients.Exchanges();
        using var gradient = ones(shape);
        Gradients.AllReduce(mesh.Axis("data"), (parameter, gradient));
        follows?.Invoke();
        exchanges.Complete();
        if (parameter.grad![0, 0].ToSingle() != mesh.Size) throw new InvalidOperationException("the gradient is not the sum over all ranks");
    }

    private static void Signal(string name)
    {
        using var kill = Process.Start("kill", $"-{name} {Environment.ProcessId}");
        kill.WaitForExit();
    }
}
