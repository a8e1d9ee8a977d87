using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Counter_random_numbers
{
    private static readonly RandomKey Key = new(7, 3, 1, 2);

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void A_box_equals_its_part_of_the_whole(ScalarType dtype)
    {
        long[] shape = [5, 7, 11];
        using var whole = CounterRandom.Uniform(Key, shape, shape, [0, 0, 0], dtype, CPU);
        for (var start = 0L; start < 4; start++)
        {
            using var box = CounterRandom.Uniform(Key, [2, 3, 7], shape, [start % 4, start, start], dtype, CPU);
            using var part = whole.narrow(0, start % 4, 2).narrow(1, start, 3).narrow(2, start, 7);
            Samples.Same(part, box);
        }
    }

    [Fact]
    public void They_are_uniform_in_zero_to_one()
    {
        const int N = 1_000_000;
        using var x = CounterRandom.Uniform(Key, [N], [N], [0], ScalarType.Float64, CPU);
        var values = Samples.Doubles(x);
        Assert.All(values, value => Assert.InRange(value, 0, 0.99999995));
        Assert.InRange(values.Average(), 0.499, 0.501);
        Assert.InRange(values.Select(value => value * value).Average(), 0.332, 0.3346);
        Assert.InRange(values.Zip(values.Skip(1), (a, b) => (a - 0.5) * (b - 0.5)).Average(), -0.0003, 0.0003);
    }

    [Fact]
    public void They_are_the_same_in_f32_and_f64_and_below_one_in_bf16()
    {
        using var single = CounterRandom.Uniform(Key, [4000], [4000], [0], ScalarType.Float32, CPU);
        using var twice = CounterRandom.Uniform(Key, [4000], [4000], [0], ScalarType.Float64, CPU);
        using var half = CounterRandom.Uniform(Key, [4000], [4000], [0], ScalarType.BFloat16, CPU);
        Assert.Equal(Samples.Doubles(twice), Samples.Doubles(single));
        Assert.Equal(Samples.Doubles(twice).Select(value => Math.Floor(value * 256) / 256), Samples.Doubles(half));
    }

    [Fact]
    public void Every_part_of_the_key_matters()
    {
        RandomKey[] keys = [Key, Key with { Seed = 8 }, Key with { Step = 4 }, Key with { MicroBatch = 2 }, Key with { Ordinal = 3 }];
        var draws = keys.Select(key =>
        {
            using var x = CounterRandom.Uniform(key, [3], [3], [0], ScalarType.Float64, CPU);
            return string.Join(' ', Samples.Doubles(x));
        });
        Assert.Equal(keys.Length, draws.Distinct().Count());
    }

    [Fact]
    public void A_step_numbers_its_random_operators_and_can_be_replayed()
    {
        CounterRandom.Seed(5);
        CounterRandom.BeginStep(2, 1);
        RandomKey[] first = [CounterRandom.Next(), CounterRandom.Next()];
        CounterRandom.BeginStep(2, 1);
        Assert.Equal([new RandomKey(5, 2, 1, 0), new RandomKey(5, 2, 1, 1)], first);
        Assert.Equal(first[0], CounterRandom.Next());
    }

    [Fact]
    public void Ranks_inherit_seed_and_step_but_begin_the_step_anew()
    {
        CounterRandom.Seed(11);
        CounterRandom.BeginStep(4, 3);
        CounterRandom.Next();
        var keys = DeviceMesh.RunInProcess([("data", 2)], _ => CounterRandom.Next());
        Assert.All(keys, key => Assert.Equal(new RandomKey(11, 4, 3, 0), key));
    }

    [Fact]
    public void Dropout_zeroes_a_share_of_p_and_keeps_the_mean()
    {
        CounterRandom.Seed(1);
        using var x = ones([400, 500], ScalarType.Float64);
        using var y = Sharding.Dropout(x, 0.3);
        var values = Samples.Doubles(y);
        Assert.All(values, value => Assert.True(value == 0 || value == 1 / 0.7));
        Assert.InRange(values.Count(value => value == 0) / 200_000.0, 0.296, 0.304);
    }

    [Fact]
    public void Dropout_drops_the_same_elements_in_every_type()
    {
        Tensor Drop(ScalarType dtype)
        {
            CounterRandom.Seed(1);
            using var x = ones([1000], dtype);
            return Sharding.Dropout(x, 0.1).ne(0);
        }

        using var single = Drop(ScalarType.Float32);
        using var twice = Drop(ScalarType.Float64);
        using var half = Drop(ScalarType.BFloat16);
        Samples.Same(twice, single);
        Samples.Same(twice, half);
    }

    /// <summary>Under autograd the mask is a tensor of its own; else elements are multiplied as they are drawn.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void Dropout_in_one_pass_has_the_bits_of_the_mask(ScalarType dtype)
    {
        using var whole = Samples.Normal(1, [5, 7, 411], dtype);
        using var strided = whole.transpose(0, 1);
        foreach (var x in new[] { whole, whole.narrow(0, 1, 3), whole.narrow(1, 2, 4), strided })
        {
            var shape = x.shape;
            long[] global = [.. shape.Select(size => size + 2)];
            using var mask = CounterRandom.DropoutMask(Key, shape, global, [1, 2, 0], 0.3, dtype, CPU);
            using var dropped = Sharding.DropoutShard(x, 0.3, true, global, [1, 2, 0], Key);
            using var product = x.mul(mask);
            Samples.Same(product, dropped);
        }
    }

    [Fact]
    public void Dropout_out_of_training_is_the_identity_and_takes_a_key_all_the_same()
    {
        CounterRandom.Seed(1);
        using var x = Samples.Normal(1, [4]);
        using var evaluated = Sharding.Dropout(x, 0.5, training: false);
        using var kept = Sharding.Dropout(x, 0);
        Samples.Same(x, evaluated);
        Samples.Same(x, kept);
        Assert.Equal(2, CounterRandom.Next().Ordinal);
    }

    [Fact]
    public void Trap_8_dropout_of_shards_is_that_of_the_whole_and_its_own_backward()
    {
        using var x = Samples.Normal(1, [6, 4]).requires_grad_();
        using var dy = Samples.Normal(2, [6, 4]);
        CounterRandom.Seed(1);
        using var whole = Sharding.Dropout(x, 0.4);
        whole.mul(dy).sum().backward();
        DeviceMesh.RunInProcess([("a", 4)], mesh =>
        {
            var axis = mesh.Axis("a");
            var key = CounterRandom.Next();
            Tensor Drop(Tensor y)
            {
                using var shard = axis.Slice(y, 0);
                return Sharding.DropoutShard(shard, 0.4, true, [6, 4], [axis.ChunkOffset(6), 0], key);
            }
            Samples.Same(axis.Slice(whole.detach(), 0), Drop(x.detach()));
            Samples.Same(axis.Slice(x.grad!, 0), Drop(dy));
        });
    }

    [Fact]
    public void A_box_outside_the_whole_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => CounterRandom.Uniform(Key, [3], [4], [2], ScalarType.Float32, CPU));
        Assert.Contains("The box [3] at [2] does not lie in a tensor of shape [4]", error.Message);
    }
}
