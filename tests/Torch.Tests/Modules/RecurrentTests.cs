using static TorchSharp.torch.nn;

namespace GShard.Torch.Tests.Modules;

public sealed class RecurrentTests
{
    [Fact]
    public void Parameters_are_named_by_layer_and_direction()
    {
        using var lstm = LSTM(3, 2, numLayers: 2, bidirectional: true);
        Assert.Equal(
            [
                "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse",
                "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse",
            ],
            lstm.state_dict().Keys);
        Assert.Equal([8, 3], lstm.get_parameter("weight_ih_l0")!.shape);
        Assert.Equal([8, 4], lstm.get_parameter("weight_ih_l1")!.shape);
        using var rnn = RNN(3, 2, bias: false, bidirectional: true);
        Assert.Same(rnn.get_parameter("weight_hh_l0_reverse"), rnn.get_weight_hh(1));
        Assert.Null(rnn.get_bias_ih(0));
    }

    [Fact]
    public void A_plain_recurrence_of_one_unit_is_its_formula()
    {
        using var rnn = RNN(1, 1, bias: false, dtype: ScalarType.Float64);
        init.constant_(rnn.get_weight_ih(0)!, 0.5);
        init.constant_(rnn.get_weight_hh(0)!, 2);
        using var x = Numbers.Doubles([2, 1, 1], 1, -1);
        var (y, last) = rnn.call(x);
        var first = Math.Tanh(0.5);
        Numbers.AssertClose([first, Math.Tanh(-0.5 + 2 * first)], y);
        Numbers.AssertClose([Math.Tanh(-0.5 + 2 * first)], last);
    }

    [Fact]
    public void A_cell_is_one_step_of_its_layer()
    {
        using var layer = LSTM(3, 2, dtype: ScalarType.Float64);
        using var cell = LSTMCell(3, 2, dtype: ScalarType.Float64);
        (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh) =
            (layer.get_parameter("weight_ih_l0"), layer.get_parameter("weight_hh_l0"), layer.get_parameter("bias_ih_l0"), layer.get_parameter("bias_hh_l0"));
        using var x = Numbers.Doubles([1, 1, 3], 0.3, -1, 2);
        var (_, hidden, state) = layer.call(x);
        var (nextHidden, nextState) = cell.call(x.select(0, 0));
        Numbers.AssertClose(Numbers.Of(hidden), nextHidden.unsqueeze(0));
        Numbers.AssertClose(Numbers.Of(state), nextState.unsqueeze(0));
    }

    [Fact]
    public void Bags_of_a_vector_begin_at_offsets()
    {
        using var table = Numbers.Doubles([3, 1], 1, 10, 100);
        using var bags = EmbeddingBag_from_pretrained(table, mode: EmbeddingBagMode.Sum);
        using var ids = tensor(new long[] { 0, 2, 1, 1 });
        using var offsets = tensor(new long[] { 0, 1, 1 });
        using var sums = bags.call(ids, offsets);
        Numbers.AssertClose([1, 0, 120], sums);
    }
}
