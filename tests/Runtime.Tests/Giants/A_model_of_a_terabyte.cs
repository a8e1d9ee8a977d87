using System.Globalization;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Tests that measure the memory of the process: no other test may take some meanwhile.</summary>
[CollectionDefinition(nameof(ProcessMemory), DisableParallelization = true)]
public sealed class ProcessMemory;

/// <summary>A generated model of more than a terabyte is sharded for one rank of 8,192, in the memory of that rank's part.</summary>
[Collection(nameof(ProcessMemory))]
public class A_model_of_a_terabyte
{
    private const int Experts = 512;
    private const int Width = 16;
    private const long Megabyte = 1 << 20;

    [Fact]
    public void Is_drawn_and_computes_in_the_memory_of_one_ranks_part()
    {
        using var scope = NewDisposeScope();
        CounterRandom.Seed(3);
        var giant = new Giant();
        var bytes = giant.parameters().Sum(p => p.numel() * 4);
        Assert.True(bytes > 1_000_000_000_000, $"{bytes} bytes");
        Assert.All(giant.parameters(), p => Assert.True(p.is_meta));

        var before = ResetPeak();
        var rank = (177 * Width) + 5;
        var shard = Shard(giant, Experts, Width, rank);
        var part = shard.parameters().Sum(p => p.numel() * 4);
        Assert.Equal(4 * ((2 * 8192 * 2048) + (262144 / Width * 8192) + 8192 + 8192), part);
        var (wi, wo) = (shard.get_parameter("wi")!, shard.get_parameter("wo")!);
        Assert.Equal([1, 8192, 2048], wi.shape);

        using var x = Samples.Normal(2, [1, 3, 8192], ScalarType.Float32);
        using var y = shard.forward(x);
        var peak = Peak() - before;
        // The largest parameter is drawn into its own memory.
        Assert.True(peak < part * 3 / 2 + (100 * Megabyte), $"{peak / Megabyte} MB at most, for a part of {part / Megabyte} MB");

        // As the other ranks' parts of the sum are taken to be this one's.
        using var plain = nn.functional.layer_norm(matmul(matmul(x, wi).relu(), wo).mul(Width), [8192]);
        Assert.True(plain.allclose(y, 1e-4, 1e-4));

        // The same elements where another mesh cuts them otherwise: 4 of this rank's columns, 4 of its rows.
        CounterRandom.Seed(3);
        var other = new Giant();
        var thin = Shard(other, Experts, 8192, (177 * 8192) + (5 * 512) + 7);
        Assert.True(thin.get_parameter("wi")!.eq(wi.narrow(2, 28, 4)).all().item<bool>());
        Assert.True(thin.get_parameter("wo")!.eq(wo.narrow(1, 28, 4)).all().item<bool>());
        // And their distribution: Xavier's bound, the standard deviation.
        Assert.InRange(wi.abs().max().item<float>(), 0.99 * Math.Sqrt(6.0 / (8192 + 32768)), (float)Math.Sqrt(6.0 / (8192 + 32768)));
        Assert.InRange(wo.std().item<float>(), 0.00999, 0.01001);
    }

    private static Giant.Sharded Shard(Giant giant, int experts, int width, int rank) =>
        giant.Shard(new DeviceMesh(new LikeRanks(new MeshShape([("expert", experts), ("model", width)])), rank));

    /// <summary>Begins a new measurement of the peak of this process's memory; gives what it has now, in bytes.</summary>
    private static long ResetPeak()
    {
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Status("VmRSS");
    }

    private static long Peak() => Status("VmHWM");

    private static long Status(string name) =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
