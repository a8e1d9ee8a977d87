using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Loss_scaling
{
    [Fact]
    public void Scaled_gradients_train_as_plain_ones() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        using var plain = new Parameter(arange(6, dtype: ScalarType.Float32));
        using var scaled = new Parameter(arange(6, dtype: ScalarType.Float32));
        using var expected = optim.Adam([plain], lr: 0.1);
        using var optimizer = optim.Adam([scaled], lr: 0.1);
        var scaler = new LossScaler(mesh, 1024);
        for (var step = 0; step < 3; step++)
        {
            using var gradient = Samples.Normal(step, [6]).to_type(ScalarType.Float32);
            plain.grad = gradient.clone();
            scaled.grad = scaler.Scale(gradient);
            Assert.Equal(GradientNorm.Clip([plain], 0.5), Clipped());
            expected.step();
            Assert.True(scaler.Step(optimizer));
        }

        Samples.Same(plain, scaled);

        double Clipped()
        {
            Assert.True(scaler.Unscale([scaled]));
            return GradientNorm.Clip([scaled], 0.5);
        }
    });

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void One_ranks_overflow_skips_the_step_of_all(float wrong) => DeviceMesh.RunInProcess([("data", 3)], mesh =>
    {
        // Each rank has a parameter of its own, as a split one: only rank 1 sees what is wrong.
        using var p = new Parameter(ones(2));
        using var optimizer = optim.SGD([p], 1);
        var scaler = new LossScaler(mesh, 8, interval: 2);
        bool Step(float value)
        {
            p.grad = full([2], value * (float)scaler.Value);
            return scaler.Step(optimizer);
        }

        Assert.True(Step(1));
        Assert.False(Step(mesh.Rank == 1 ? wrong : 1));
        Assert.Equal(4, scaler.Value);
        Assert.True(Step(1));
        Assert.Equal(4, scaler.Value);
        Assert.True(Step(1));
        Assert.Equal(8, scaler.Value);
        Assert.Equal([-2, -2], Samples.Doubles(p));
    });

    [Fact]
    public void Shares_of_an_optimizer_are_unscaled_once() => DeviceMesh.RunInProcess([("data", 2)], mesh =>
    {
        var axis = mesh.Axis("data");
        using var p = new Parameter(zeros(4));
        using var optimizer = new ZeroRedundancyOptimizer([p], axis, shares => optim.SGD(shares, 1));
        var scaler = new LossScaler(mesh, 16);
        using var part = full([4], 16f * (mesh.Rank + 1));
        Gradients.AllReduce(axis, (p, part));
        Assert.True(scaler.Step(optimizer));
        Assert.Equal([-3, -3, -3, -3], Samples.Doubles(p));
    });

    [Fact]
    public void Unscaling_twice_is_refused() => DeviceMesh.RunInProcess([("data", 1)], mesh =>
    {
        using var p = new Parameter(ones(1)) { grad = ones(1) };
        var scaler = new LossScaler(mesh);
        scaler.Unscale([p]);
        Assert.Contains("unscale them once a step", Assert.Throws<InvalidOperationException>(() => scaler.Unscale([p])).Message);
    });
}
