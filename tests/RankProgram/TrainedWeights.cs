using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace GShard.RankProgram;

/// <summary>Trains <see cref="Layers"/> for six steps; says after each what the loss and this rank's weights are, to the bit.</summary>
internal static class TrainedWeights
{
    private const int Steps = 6;

    public static IReadOnlyList<string> Of(DeviceMesh mesh)
    {
        CounterRandom.Seed(11);
        using var plain = new Layers();
        using var model = plain.Shard(mesh);
        using var optimizer = model.Optimizer(parameters => new Lamb(parameters, 0.05));
        var said = new List<string>();
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            CounterRandom.BeginStep(step);
            optimizer.zero_grad();
            var x = mesh.Scatter(Batch(step, 8), 0, "data");
            var wanted = mesh.Scatter(Batch(step + 100, 5), 0, "data");
            var difference = model.forward(x).sub(wanted);
            model.Backward(difference);
            var norm = GradientNorm.Clip(model.parameters(), 2.0);
            optimizer.step();
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var (name, parameter) in model.named_parameters())
                hash.AppendData(MemoryMarshal.AsBytes<float>(parameter.detach().contiguous().data<float>().ToArray()));
            said.Add($"rank {mesh.Rank} step {step}: norm {norm:R}, weights {Convert.ToHexString(hash.GetHashAndReset())[..16]}");
        }
        return said;
    }

    private static Tensor Batch(int seed, int width)
    {
        var numbers = new Random(seed);
        return tensor(Enumerable.Range(0, 8 * width).Select(_ => (float)(numbers.NextDouble() - 0.5)).ToArray()).reshape(8, width);
    }
}
