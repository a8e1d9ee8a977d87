using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace GShard.Runtime.Tests;

public class Kernels_have_the_gradient_of_autograd
{
    private static void Check(Func<Tensor, Tensor> forward, Func<Tensor, Tensor, Tensor, Tensor> backward, params long[] shape)
    {
        using var x = Samples.Normal(1, shape).requires_grad_();
        var y = forward(x);
        using var dy = Samples.Normal(2, y.shape);
        y.mul(dy).sum().backward();
        using var _ = no_grad();
        using var dx = backward(dy, x, y);
        Samples.Close(x.grad!, dx);
    }

    [Fact]
    public void Activations()
    {
        Check(x => gelu(x), (dy, x, y) => Kernels.GeluBackward(dy, x), 5, 7);
        Check(x => silu(x), (dy, x, y) => Kernels.SiluBackward(dy, x), 5, 7);
        Check(x => x.relu(), (dy, x, y) => Kernels.ReluBackward(dy, y), 5, 7);
        Check(x => x.sigmoid(), (dy, x, y) => Kernels.SigmoidBackward(dy, y), 5, 7);
        Check(x => x.tanh(), (dy, x, y) => Kernels.TanhBackward(dy, y), 5, 7);
    }

    [Fact]
    public void Softmax()
    {
        for (var dim = -3; dim < 3; dim++)
        {
            var d = dim;
            Check(x => x.softmax(d), (dy, x, y) => Kernels.SoftmaxBackward(dy, y, d), 3, 4, 5);
            Check(x => x.log_softmax(d), (dy, x, y) => Kernels.LogSoftmaxBackward(dy, y, d), 3, 4, 5);
        }
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Layer_norm(int dims, bool affine)
    {
        using var x = Samples.Normal(1, [3, 4, 5]).requires_grad_();
        var shape = x.shape[^dims..];
        using var weight = affine ? Samples.Normal(2, shape).requires_grad_() : null;
        using var bias = affine ? Samples.Normal(3, shape).requires_grad_() : null;
        using var dy = Samples.Normal(4, [3, 4, 5]);
        using var expected = layer_norm(x, shape, weight, bias, 1e-5);
        expected.mul(dy).sum().backward();
        using var _ = no_grad();
        var (y, mean, rstd) = Kernels.LayerNorm(x, dims, weight, bias, 1e-5);
        Samples.Close(expected, y);
        using var dx = Kernels.LayerNormBackwardInput(dy, x, mean, rstd, weight, dims);
        Samples.Close(x.grad!, dx);
        if (weight is null) return;
        using var dWeight = Kernels.LayerNormBackwardWeight(dy, x, mean, rstd, dims);
        Samples.Close(weight.grad!, dWeight);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Embedding(long padding)
    {
        using var weight = Samples.Normal(1, [7, 4]).requires_grad_();
        using var ids = Samples.Integers(2, [3, 5], ScalarType.Int64, 7);
        using var dy = Samples.Normal(3, [3, 5, 4]);
        weight[ids].mul(dy).mul(ids.ne(padding).unsqueeze(-1)).sum().backward();
        using var gradient = padding < 0 ? Kernels.EmbeddingBackward(dy, ids, 7) : Kernels.EmbeddingBackward(dy, ids, 7, padding);
        Samples.Close(weight.grad!, gradient);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    public void Cross_entropy(double smoothing)
    {
        using var logits = Samples.Normal(1, [9, 5]).requires_grad_();
        using var targets = Samples.Integers(2, [9], ScalarType.Int64, 5);
        targets[2] = -100;
        using var dLoss = Samples.Normal(3, [9]);
        using var expected = cross_entropy(logits, targets, ignore_index: -100, reduction: TorchSharp.torch.nn.Reduction.None, label_smoothing: smoothing);
        expected.mul(dLoss).sum().backward();
        using var _ = no_grad();
        using var loss = Kernels.CrossEntropy(logits, targets, -100, smoothing);
        Samples.Close(expected, loss);
        using var gradient = Kernels.CrossEntropyBackward(dLoss, logits, targets, -100, smoothing);
        Samples.Close(logits.grad!, gradient);
    }

    [Fact]
    public void Negative_log_likelihood()
    {
        using var logProbabilities = Samples.Normal(1, [9, 5]).log_softmax(1);
        using var targets = Samples.Integers(2, [9], ScalarType.Int64, 5);
        targets[2] = -100;
        using var expected = nll_loss(logProbabilities, targets, reduction: TorchSharp.torch.nn.Reduction.None);
        using var loss = Kernels.NegativeLogLikelihood(logProbabilities, targets, -100);
        Samples.Close(expected, loss);
    }

    [Fact]
    public void Rms_norm()
    {
        using var x = Samples.Normal(1, [3, 4]);
        using var weight = Samples.Normal(2, [4]);
        var (values, factors) = (Samples.Doubles(x), Samples.Doubles(weight));
        using var y = Kernels.RmsNorm(x, 1, weight, 1e-5);
        using var plain = Kernels.RmsNorm(x, 2, null, 0);
        var rms = Math.Sqrt(values.Average(value => value * value));
        for (var i = 0; i < 12; i++)
        {
            var row = Math.Sqrt(values.Skip(i / 4 * 4).Take(4).Average(value => value * value) + 1e-5);
            Assert.Equal(values[i] / row * factors[i % 4], Samples.Doubles(y)[i], 1e-12);
            Assert.Equal(values[i] / rms, Samples.Doubles(plain)[i], 1e-12);
        }
    }

    [Fact]
    public void A_reduction_over_several_dims_takes_one_after_the_other()
    {
        using var x = Samples.Normal(1, [2, 3, 4]);
        using var product = Kernels.DimByDim(x, [0, 2], false, static (y, dim) => y.prod(dim, keepdim: true));
        using var kept = Kernels.DimByDim(x, [0, 2], true, static (y, dim) => y.prod(dim, keepdim: true));
        Samples.Close(x.permute(1, 0, 2).reshape(3, 8).prod(1), product);
        Assert.Equal([1, 3, 1], kept.shape);
    }

    [Fact]
    public void Sum_to_reverses_broadcasting()
    {
        long[][] shapes = [[], [5], [1], [4, 1], [1, 5], [4, 5], [3, 1, 1], [3, 4, 5]];
        foreach (var shape in shapes)
        {
            using var x = Samples.Normal(1, shape).requires_grad_();
            using var dy = Samples.Normal(2, [3, 4, 5]);
            x.mul(dy).sum().backward();
            using var summed = Kernels.SumTo(dy, shape);
            Samples.Close(x.grad!, summed);
        }
    }
}
