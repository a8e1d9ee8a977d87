using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>
/// Collectives of random kinds and sizes one after the other, so that ranks run ahead of each other: between processes they must give what
/// they give between threads.
/// </summary>
public class Random_sequences_of_collectives
{
    private const int Length = 60;

    // Nothing, less than a frame, about as much as one holds, and more.
    private static readonly long[] Sizes = [0, 1, 3, 1000, 8191, 65_536, 66_000, 300_000];

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 4)]
    public void Give_the_bits_of_threads(int ranks, int seed)
    {
        var results = new Tensor[2][][];
        for (var world = 0; world < 2; world++)
        {
            var those = results[world] = new Tensor[ranks][];
            Action<DeviceMesh> body = mesh => those[mesh.Rank] = [.. Sequence(mesh.Axis("a"), seed)];
            if (world == 0) DeviceMesh.RunInProcess([("a", ranks)], body);
            else ProcessThreads.Run([("a", ranks)], body);
        }
        for (var rank = 0; rank < ranks; rank++)
        {
            Assert.Equal(Length, results[0][rank].Length);
            for (var i = 0; i < Length; i++) Samples.Same(results[0][rank][i], results[1][rank][i]);
        }
    }

    private static IEnumerable<Tensor> Sequence(MeshAxis axis, int seed)
    {
        var random = new Random(seed);
        using var numbers = new Generator((ulong)((100 * seed) + axis.Rank));
        for (var i = 0; i < Length; i++)
        {
            var (kind, rows, source, turn) = (random.Next(8), Sizes[random.Next(Sizes.Length)], random.Next(axis.Size), random.Next(axis.Size));
            using var x = randn([rows, 2], generator: numbers);
            // What is gathered may have parts of any size.
            var mine = random.Next(2) == 0 ? rows : Math.Max(0, rows - axis.Rank);
            using var part = x.narrow(0, 0, mine);
            var result = kind switch
            {
                0 => axis.AllReduce(x),
                1 => axis.AllGather(part, 0),
                2 => axis.ReduceScatter(x, 0),
                3 => axis.AllToAll(x, 0, 1),
                4 => axis.Permute(part, [.. Enumerable.Range(0, axis.Size).Select(rank => (rank + turn) % axis.Size)]),
                5 or 6 => axis.Broadcast(x, source),
                _ => axis.AllReduceMax(x),
            };
            if (random.Next(4) == 0) Thread.Sleep(random.Next(3) * ((axis.Rank + i) % axis.Size));
            yield return result;
        }
    }
}
