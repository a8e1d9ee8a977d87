namespace GShard.Torch.Tests.Modules;

/// <summary>Parameters and inputs are sines; the results are PyTorch 1.13.1's.</summary>
public sealed class MultiheadAttentionTests
{
    private static Tensor Wave(long[] shape, double step, bool cosine = false)
    {
        using var ramp = arange(shape.Aggregate(1L, (product, size) => product * size), dtype: ScalarType.Float64);
        using var shaped = ramp.reshape(shape);
        using var angles = shaped * step;
        return cosine ? angles.cos() : angles.sin();
    }

    private static TorchSharp.Modules.MultiheadAttention Create()
    {
        var attention = nn.MultiheadAttention(4, 2).to(ScalarType.Float64);
        using var _ = no_grad();
        foreach (var parameter in attention.parameters())
        {
            using var wave = Wave(parameter.shape, 0.37);
            parameter.copy_(wave);
        }
        return attention;
    }

    [Fact]
    public void A_key_padding_mask_excludes_keys()
    {
        using var attention = Create();
        using var query = Wave([2, 1, 4], 0.5, cosine: true);
        using var key = Wave([3, 1, 4], 0.3);
        using var padding = tensor(new bool[,] { { false, false, true } });
        using var scope = NewDisposeScope();
        var (output, weights) = attention.call(query, key, key, key_padding_mask: padding);
        Numbers.AssertClose([-1.8379740182, 1.41911201, 2.704031795, 0.206282458, -1.8847931619, 0.536954032, 2.5908775449, 1.0679206766], output);
        Numbers.AssertClose([0.0666532833, 0.9333467167, 0, 0.9639194473, 0.0360805527, 0], weights);
        Assert.Equal(2, scope.DisposablesCount);
    }

    [Fact]
    public void An_attention_mask_excludes_pairs()
    {
        using var attention = Create();
        using var query = Wave([2, 1, 4], 0.5, cosine: true);
        using var key = Wave([3, 1, 4], 0.3);
        using var mask = tensor(new bool[,] { { false, true, true }, { false, false, true } });
        var (output, weights) = attention.call(query, key, key, attn_mask: mask);
        Numbers.AssertClose([-1.9115243075, 0.4863495003, 2.6084319004, 1.1217085721, -1.8847931619, 0.536954032, 2.5908775449, 1.0679206766], output);
        Numbers.AssertClose([1, 0, 0, 0.9639194473, 0.0360805527, 0], weights);
        output.Dispose();
        weights.Dispose();
    }

    [Fact]
    public void Added_keys_are_open_under_every_mask()
    {
        using var attention = nn.MultiheadAttention(4, 2, add_bias_kv: true, add_zero_attn: true);
        using var x = ones(2, 1, 4);
        using var mask = tensor(new bool[,] { { true, true }, { true, true } });
        var (output, weights) = attention.call(x, x, x, attn_mask: mask);
        Assert.Equal([1, 2, 4], weights.shape);
        var values = Numbers.Of(weights);
        Assert.Equal([0, 0], values[..2]);
        Assert.Equal(1, values[2] + values[3], 6);
        Assert.Equal(
            ["in_proj_weight", "in_proj_bias", "bias_k", "bias_v", "out_proj.weight", "out_proj.bias"],
            attention.state_dict().Keys);
        output.Dispose();
        weights.Dispose();
    }
}
