using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>What a device that is not the CPU computes, tensor operators, run on the CPU beside the vectors that the CPU computes.</summary>
public class Random_numbers_on_other_devices
{
    private static readonly RandomKey Key = new(7, 3, 1, 2);

    public static TheoryData<long[], long[], long[]> Boxes => new()
    {
        { [], [], [] },
        { [1000], [1000], [0] },
        { [9], [1000], [3] },
        { [5, 7, 11], [5, 7, 11], [0, 0, 0] },
        { [2, 3, 7], [5, 7, 11], [1, 2, 3] },
        { [3, 4, 1], [5, 7, 11], [2, 3, 10] },
        { [2, 3, 11], [5, 7, 11], [3, 4, 0] },
        { [4, 0, 2], [5, 7, 11], [0, 0, 0] },
        { [1, 33], [1_000_000_000_000, 33], [999_999_999_999, 0] },
    };

    [Theory]
    [InlineData(0, 0x0000000000000000, 0x0000000000000000, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(-1, 0xffffffffffffffff, 0xffffffffffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(unchecked((long)0x85a308d3243f6a88), 0x0370734413198a2e, 0x299f31d0a4093822, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Are_of_the_published_vectors(long low, ulong high, ulong key, uint x, uint y, uint z, uint w)
    {
        using var counters = tensor(new[] { low });
        using var words = PhiloxComposed.Blocks(key, high, counters);
        Assert.Equal([x, y, z, w], words.data<long>().ToArray().Select(word => checked((uint)word)));
    }

    [Theory]
    [MemberData(nameof(Boxes))]
    public void Have_the_bits_of_the_hosts_vectors(long[] local, long[] whole, long[] offsets)
    {
        foreach (var dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16])
        {
            using var uniform = CounterRandom.Uniform(Key, local, whole, offsets, dtype, CPU);
            using var composed = UniformBox.Composed(Key, local, whole, offsets, dtype, CPU, new UniformBox.Fraction(dtype));
            Samples.Same(uniform, composed);
            foreach (var p in (double[])[0.1, 0.5, 1.0 / 3, 1])
            {
                using var mask = CounterRandom.DropoutMask(Key, local, whole, offsets, p, dtype, CPU);
                using var composedMask = UniformBox.Composed(Key, local, whole, offsets, dtype, CPU, new UniformBox.Dropout(p));
                Samples.Same(mask, composedMask);
            }
        }
    }

    /// <summary>The meta device computes no values, but refuses operands of another device: so no step of the way falls back to the CPU.</summary>
    [Fact]
    public void Stay_on_the_device_of_their_operand()
    {
        using var x = zeros([6, 8], ScalarType.Float32, META);
        using var dropped = Sharding.Dropout(x, 0.5);
        using var part = Sharding.DropoutShard(x, 0.5, true, [12, 9], [3, 1], Key);
        using var normal = NormalBox.Fill(Key, [6, 8], [6, 8], [0, 0], ScalarType.Float32, META, 0, 1);
        using var gates = zeros([2, 6, 4], ScalarType.Float32, META);
        var (combine, dispatch, aux) = Moe.Top2Gating(gates, 3);
        var routed = Moe.Top2GatingShard(gates, 3, true, SlotRule.KeptOnly, AuxScale.Paper, 4, 1, Key);
        using var gradient = Moe.Top2GatingBackward(routed.Saved, routed.Combine, routed.AuxLoss);
        Tensor[] results = [dropped, part, normal, combine, dispatch, aux, routed.Combine, routed.Dispatch, routed.AuxLoss, gradient];
        Assert.All(results, result => Assert.Equal(TorchSharp.DeviceType.META, result.device_type));
        Assert.Equal([6, 8], part.shape);
        Assert.Equal(gates.shape, gradient.shape);
    }
}
