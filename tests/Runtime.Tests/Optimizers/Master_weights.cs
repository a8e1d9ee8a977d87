using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>bf16 parameters with f32 copies, against the same optimizer on f32 parameters: gradients are numbers that bf16 holds exactly.</summary>
public class Master_weights
{
    private static readonly long[][] Shapes = [[5, 3], [4], [2, 3, 2]];

    private static optim.Optimizer Make(string name, IEnumerable<Parameter> parameters) => name switch
    {
        "AdamW" => optim.AdamW(parameters, lr: 0.01),
        "SGD" => optim.SGD(parameters, 0.01, momentum: 0.9),
        _ => new Adafactor(parameters, lr: 3),
    };

    private static Tensor Gradient(int rank, int step, int parameter) => Samples.Integers((100 * rank) + (10 * step) + parameter, Shapes[parameter], ScalarType.BFloat16, 20);

    private static Parameter[] Parameters(ScalarType dtype) => [.. Shapes.Select((shape, i) => new Parameter(Samples.Integers(i, shape, ScalarType.Float32, 9).to_type(dtype)))];

    private static float[] Values(Tensor x) => x.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();

    [Theory]
    [InlineData("AdamW", 1)]
    [InlineData("AdamW", 3)]
    [InlineData("SGD", 2)]
    [InlineData("Adafactor", 2)]
    public void They_train_as_f32_does(string name, int ranks)
    {
        var plain = Parameters(ScalarType.Float32);
        using var expected = Make(name, plain);
        for (var step = 0; step < 4; step++)
        {
            expected.zero_grad();
            for (var i = 0; i < plain.Length; i++)
                for (var rank = 0; rank < ranks; rank++) Gradients.Accumulate(plain[i], Gradient(rank, step, i).to_type(ScalarType.Float32));
            expected.step();
        }

        DeviceMesh.RunInProcess([("data", ranks)], mesh =>
        {
            foreach (var zero in new[] { false, true })
            {
                var parameters = Parameters(ScalarType.BFloat16);
                var axis = mesh.Axis("data");
                using var optimizer = zero
                    ? (optim.Optimizer)new ZeroRedundancyOptimizer(parameters, axis, shares => new MasterWeights(shares, masters => Make(name, masters)))
                    : new MasterWeights(parameters, masters => Make(name, masters));
                for (var step = 0; step < 4; step++)
                {
                    optimizer.zero_grad();
                    Gradients.AllReduce(axis, [.. parameters.Select((p, i) => (p, Gradient(axis.Rank, step, i)))]);
                    optimizer.step();
                }

                for (var i = 0; i < plain.Length; i++)
                {
                    var (whole, rounded) = (Values(plain[i]), Values(parameters[i]));
                    // Half a last place of bf16, and what f32 sums differ in by their order.
                    for (var k = 0; k < whole.Length; k++) Assert.InRange(rounded[k], whole[k] - Math.Abs(whole[k]) / 250 - 1e-6f, whole[k] + Math.Abs(whole[k]) / 250 + 1e-6f);
                }
            }
        });
    }

    [Fact]
    public void An_update_smaller_than_a_last_place_is_not_lost()
    {
        using var bare = new Parameter(ones(1, dtype: ScalarType.BFloat16));
        using var kept = new Parameter(ones(1, dtype: ScalarType.BFloat16));
        using var lossy = optim.SGD([bare], 1e-4);
        using var optimizer = new MasterWeights([kept], masters => optim.SGD(masters, 1e-4));
        for (var step = 0; step < 1000; step++)
        {
            bare.grad = ones(1, dtype: ScalarType.BFloat16);
            kept.grad = ones(1, dtype: ScalarType.BFloat16);
            lossy.step();
            optimizer.step();
        }

        Assert.Equal([1f], Values(bare));
        Assert.InRange(Values(kept)[0], 0.898f, 0.902f);
        Assert.InRange(Values(optimizer.Masters.Single().Master)[0], 0.8999f, 0.9001f);
    }

    [Fact]
    public void A_schedule_reaches_the_optimizer_of_the_copies()
    {
        using var p = new Parameter(ones(1, dtype: ScalarType.BFloat16));
        using var optimizer = new MasterWeights([p], masters => optim.SGD(masters, 1));
        var schedule = optim.lr_scheduler.StepLR(optimizer, 1, 0.5);
        p.grad = ones(1, dtype: ScalarType.BFloat16);
        optimizer.step();
        schedule.step();
        p.grad = ones(1, dtype: ScalarType.BFloat16);
        optimizer.step();
        Assert.Equal([-0.5f], Values(p));
    }
}
