using static TorchSharp.torch.nn;

namespace GShard.Torch.Tests.Modules;

public sealed class LayerTests
{
    [Fact]
    public void Embedding_takes_rows_and_gives_no_gradient_to_the_padding_row()
    {
        using var embedding = Embedding(4, 2, padding_idx: 0);
        using var ids = tensor(new long[] { 3, 0, 3 });
        using var rows = embedding.call(ids);
        var table = Numbers.Of(embedding.weight!);
        Numbers.AssertClose([.. table[6..8], 0, 0, .. table[6..8]], rows);
        using var sum = rows.sum();
        sum.backward();
        using var gradient = embedding.weight!.grad;
        Numbers.AssertClose([0, 0, 0, 0, 0, 0, 2, 2], gradient!);
    }

    [Fact]
    public void A_frozen_embedding_copies_its_table()
    {
        using var table = Numbers.Doubles([2, 1], 5, 7);
        using var embedding = Embedding_from_pretrained(table);
        table.zero_();
        using var ids = tensor(new long[] { 1 });
        using var row = embedding.call(ids);
        Numbers.AssertClose([7], row);
        Assert.False(embedding.weight!.requires_grad);
    }

    [Fact]
    public void A_bounded_embedding_shrinks_rows_beyond_the_norm()
    {
        using var table = Numbers.Doubles([2, 2], 3, 4, 0.3, 0.4);
        using var embedding = Embedding_from_pretrained(table, max_norm: 1);
        using var ids = tensor(new long[] { 0, 1 });
        using var rows = embedding.call(ids);
        Numbers.AssertClose([0.6, 0.8, 0.3, 0.4], rows, 1e-6);
    }

    [Fact]
    public void Layer_norm_has_the_parameters_it_was_asked_for()
    {
        using var full = LayerNorm(4);
        using var unbiased = LayerNorm(4, bias: false);
        using var plain = LayerNorm([2, 2], elementwise_affine: false);
        Assert.Equal(["weight", "bias"], full.named_parameters().Select(pair => pair.name));
        Assert.Equal(["weight"], unbiased.named_parameters().Select(pair => pair.name));
        Assert.Empty(plain.parameters());
        using var x = Numbers.Doubles([1, 2, 2], 1, 2, 3, 6);
        using var y = plain.call(x);
        var deviation = Math.Sqrt(3.5 + 1e-5);
        Numbers.AssertClose([-2 / deviation, -1 / deviation, 0, 3 / deviation], y);
    }

    [Fact]
    public void Batch_norm_normalizes_by_the_batch_in_training_and_by_the_running_statistics_else()
    {
        using var norm = BatchNorm1d(1, momentum: 0.5, dtype: ScalarType.Float64);
        using var x = Numbers.Doubles([2, 1], 1, 5);
        using var trained = norm.call(x);
        var deviation = Math.Sqrt(4 + 1e-5);
        Numbers.AssertClose([-2 / deviation, 2 / deviation], trained);
        // Running statistics: halfway from 0 to the mean 3, and from 1 to the unbiased variance 8.
        Numbers.AssertClose([1.5], norm.running_mean!);
        Numbers.AssertClose([4.5], norm.running_var!);
        Assert.Equal(1, norm.num_batches_tracked!.item<long>());
        norm.eval();
        using var evaluated = norm.call(x);
        Numbers.AssertClose([-0.5 / Math.Sqrt(4.5 + 1e-5), 3.5 / Math.Sqrt(4.5 + 1e-5)], evaluated);
        Assert.Equal(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"], norm.state_dict().Keys);
    }

    [Fact]
    public void Group_norm_normalizes_each_group_of_channels()
    {
        using var norm = GroupNorm(2, 4, eps: 0, dtype: ScalarType.Float64);
        using var x = Numbers.Doubles([1, 4], 1, 3, 10, 30);
        using var y = norm.call(x);
        Numbers.AssertClose([-1, 1, -1, 1], y);
    }

    [Fact]
    public void A_convolution_pads_by_its_mode()
    {
        using var convolution = Conv1d(1, 1, 3, padding: 1, padding_mode: PaddingModes.Circular, bias: false, dtype: ScalarType.Float64);
        init.ones_(convolution.weight);
        using var x = Numbers.Doubles([1, 1, 4], 1, 2, 3, 4);
        using var y = convolution.call(x);
        Numbers.AssertClose([7, 6, 9, 8], y);
    }

    [Fact]
    public void A_grouped_convolution_sees_only_its_channels()
    {
        using var convolution = Conv2d(2, 2, 1, groups: 2, bias: false, dtype: ScalarType.Float64);
        Assert.Equal([2, 1, 1, 1], convolution.weight.shape);
        init.constant_(convolution.weight, 3);
        using var x = Numbers.Doubles([1, 2, 1, 1], 1, 10);
        using var y = convolution.call(x);
        Numbers.AssertClose([3, 30], y);
    }

    [Fact]
    public void A_convolution_refuses_other_channels()
    {
        using var convolution = Conv2d(3, 2, 1);
        using var x = zeros(1, 4, 2, 2);
        var error = Assert.Throws<ArgumentException>(() => convolution.call(x));
        Assert.Contains("[1, 4, 2, 2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dropout_is_the_identity_when_evaluating()
    {
        using var dropout = Dropout(0.9);
        using var x = ones(100);
        dropout.eval();
        using var y = dropout.call(x);
        Numbers.AssertClose(Numbers.Of(x), y);
    }

    [Fact]
    public void Flatten_keeps_the_batch()
    {
        using var x = zeros(2, 3, 4);
        using var flatten = Flatten();
        using var y = flatten.call(x);
        Assert.Equal([2, 12], y.shape);
    }

    [Fact]
    public void A_weighted_cross_entropy_is_a_weighted_mean()
    {
        using var weight = Numbers.Doubles([2], 1, 3);
        using var loss = new TorchSharp.Modules.CrossEntropyLoss(weight, ignore_index: 9);
        using var logits = Numbers.Doubles([3, 2], 0, 0, 0, Math.Log(3), 0, 0);
        using var target = tensor(new long[] { 0, 1, 9 });
        using var value = loss.call(logits, target);
        Assert.Equal((Math.Log(2) - 3 * Math.Log(0.75)) / 4, value.item<double>(), 12);
    }
}
