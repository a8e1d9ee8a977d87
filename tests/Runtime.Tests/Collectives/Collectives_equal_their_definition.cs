using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Every collective against the whole computed by torch on one thread.</summary>
public class Collectives_equal_their_definition
{
    public static TheoryData<int, ScalarType> Cases
    {
        get
        {
            var cases = new TheoryData<int, ScalarType>();
            foreach (var size in (int[])[1, 2, 3, 4, 8])
                foreach (var dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Bool, ScalarType.Byte])
                    cases.Add(size, dtype);
            return cases;
        }
    }

    private static Tensor[] Inputs(int size, long[] shape, ScalarType dtype) =>
        [.. Enumerable.Range(0, size).Select(rank => Samples.Integers(rank + 1, shape, dtype, dtype == ScalarType.Bool ? 2 : 20))];

    private static Tensor Sum(Tensor[] inputs)
    {
        // A lone literal 0 would mean the element type.
        var sum = stack(inputs.Select(x => x.to_type(ScalarType.Float64)).ToArray(), 0).sum(0, keepdim: false);
        return inputs[0].dtype == ScalarType.Bool ? sum.ne(0) : sum.to_type(inputs[0].dtype);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_reduce(int size, ScalarType dtype)
    {
        long[][] shapes = [[], [1], [0], [3, 5], [129, 67]];
        foreach (var shape in shapes)
        {
            var inputs = Inputs(size, shape, dtype);
            var wide = stack(inputs.Select(x => x.to_type(ScalarType.Float64)).ToArray(), 0);
            DeviceMesh.RunInProcess([("a", size)], mesh =>
            {
                var axis = mesh.Axis("a");
                using var sum = axis.AllReduce(inputs[mesh.Rank]);
                using var max = axis.AllReduceMax(inputs[mesh.Rank]);
                using var min = axis.AllReduceMin(inputs[mesh.Rank]);
                Samples.Same(Sum(inputs), sum);
                if (shape.Contains(0)) return;
                Samples.Same(wide.amax(0).to_type(dtype), max);
                Samples.Same(wide.amin(0).to_type(dtype), min);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_gather_of_uneven_parts(int size, ScalarType dtype)
    {
        for (var dim = 0; dim < 3; dim++)
        {
            var parts = Enumerable.Range(0, size).Select(rank => Samples.Integers(rank, Shape(dim, rank), dtype, 2)).ToArray();
            using var whole = cat(parts, dim);
            var d = dim;
            DeviceMesh.RunInProcess([("a", size)], mesh =>
            {
                using var gathered = mesh.Axis("a").AllGather(parts[mesh.Rank], d);
                Samples.Same(whole, gathered);
            });
        }

        static long[] Shape(int dim, int rank)
        {
            long[] shape = [3, 4, 5];
            shape[dim] = rank % 3;
            return shape;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reduce_scatter_of_uneven_chunks(int size, ScalarType dtype)
    {
        var inputs = Inputs(size, [5, 6, 7], dtype);
        using var sum = Sum(inputs);
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            for (var dim = 0; dim < 3; dim++)
            {
                using var chunk = axis.ReduceScatter(inputs[mesh.Rank], dim - 3);
                using var expected = axis.Slice(sum, dim);
                Samples.Same(expected, chunk);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Several_operands_are_gathered_and_scattered_each_along_its_dim_in_one_exchange(int size, ScalarType dtype)
    {
        long[][] shapes = [[5, 2], [3, 7], [4], [1, 6, 3], [9]];
        int[] dims = [0, 1, 0, -1, -1];
        var wholes = shapes.Select((shape, i) => Samples.Integers(i, shape, dtype, 2)).ToArray();
        var sums = shapes.Select(shape => Sum(Inputs(size, shape, dtype))).ToArray();
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            for (var count = 2; count <= shapes.Length; count++)
            {
                (Tensor X, int Dim)[] parts = [.. Enumerable.Range(0, count).Select(i => (axis.Slice(wholes[i], dims[i]), dims[i]))];
                (Tensor X, int Dim)[] terms = [.. Enumerable.Range(0, count).Select(i => (Inputs(size, shapes[i], dtype)[mesh.Rank], dims[i]))];
                Tensor[] gathered = [], scattered = [];
                var calls = mesh.Calls(() => (gathered, scattered) = (axis.AllGather(parts), axis.ReduceScatter(terms)));
                if (size > 1) Assert.Equal(["AllGather", "ReduceScatter"], calls.Select(call => call.Split('(')[0]));
                for (var i = 0; i < count; i++)
                {
                    Samples.Same(wholes[i], gathered[i]);
                    Samples.Same(axis.Slice(sums[i], dims[i]), scattered[i]);
                }
            }

            var (a, b) = axis.AllGather((axis.Slice(wholes[0], 0), 0), (axis.Slice(wholes[1], 1), 1));
            Samples.Same(wholes[0], a);
            Samples.Same(wholes[1], b);
        });
    }

    [Fact]
    public void Sums_of_integers_wrap_and_those_of_f16_are_rounded_once() => DeviceMesh.RunInProcess([("a", 3)], mesh =>
    {
        foreach (var (dtype, value) in new[] { (ScalarType.Int8, 100L), (ScalarType.Int16, 30_000L), (ScalarType.Byte, 200L) })
        {
            using var x = full([40], value, dtype: dtype);
            using var expected = x + x + x;
            using var sum = mesh.Axis("a").AllReduce(x);
            Samples.Same(expected, sum);
        }

        // 2048 + 1 + 1: each 1 alone would be rounded away.
        using var part = full([40], mesh.Rank == 0 ? 2048.0 : 1.0, dtype: ScalarType.Float16);
        using var total = mesh.Axis("a").AllReduce(part);
        Assert.All(Samples.Doubles(total), element => Assert.Equal(2050.0, element));
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_to_all_moves_the_split(int size, ScalarType dtype)
    {
        using var whole = Samples.Integers(5, [5, 6, 7], dtype, 2);
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            for (var from = 0; from < 3; from++)
            {
                for (var to = 0; to < 3; to++)
                {
                    if (from == to) continue;
                    using var shard = axis.Slice(whole, from);
                    using var moved = axis.AllToAll(shard, splitDim: to, concatDim: from);
                    using var expected = axis.Slice(whole, to);
                    Samples.Same(expected, moved);
                }
            }
        });
    }

    [Theory]
    [InlineData(1, 9)]
    [InlineData(2, 6)]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    public void Chunks_in_whole_multiples_of_a_granule(int size, long firstChunk)
    {
        // [9, 4], the first dim made of 3 × 3: cut between the three.
        var inputs = Inputs(size, [9, 4], ScalarType.Float32);
        using var sum = Sum(inputs);
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            var (offset, length) = (axis.ChunkOffset(9, 3), axis.ChunkSize(9, 3));
            if (mesh.Rank == 0) Assert.Equal((0, firstChunk), (offset, length));
            using var expected = sum.narrow(0, offset, length);
            using var sliced = axis.Slice(sum, 0, granule: 3);
            using var scattered = axis.ReduceScatter(inputs[mesh.Rank], 0, granule: 3);
            using var columns = axis.Slice(sum, 1);
            using var rows = axis.AllToAll(columns, splitDim: 0, concatDim: 1, granule: 3);
            using var back = axis.AllToAll(rows, splitDim: 1, concatDim: 0);
            using var padded = axis.ZeroPad(sliced, 0, 9, granule: 3);
            using var whole = axis.AllReduce(padded);
            Samples.Same(expected, sliced);
            Samples.Same(expected, scattered);
            Samples.Same(expected, rows);
            Samples.Same(columns, back);
            Samples.Same(sum, whole);
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Permute_and_broadcast(int size, ScalarType dtype)
    {
        var inputs = Inputs(size, [4, 3], dtype);
        var destinations = Enumerable.Range(0, size).Select(rank => (rank + 1) % size).ToArray();
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            using var received = axis.Permute(inputs[mesh.Rank], destinations);
            Samples.Same(inputs[(mesh.Rank + size - 1) % size], received);
            using var broadcast = axis.Broadcast(inputs[mesh.Rank], size - 1);
            Samples.Same(inputs[size - 1], broadcast);
            axis.Barrier();
            mesh.Barrier();
        });
    }

    [Fact]
    public void Operands_need_not_be_contiguous()
    {
        using var whole = Samples.Normal(2, [6, 8]);
        DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var transposed = whole.t();
            using var sum = mesh.Axis("a").AllReduce(transposed);
            using var expected = transposed.mul(2);
            Samples.Same(expected, sum);
        });
    }

    [Fact]
    public void Bf16_is_summed_in_f32_and_rounded_once()
    {
        var parts = Enumerable.Range(0, 8).Select(rank => Samples.Normal(rank, [1000], ScalarType.BFloat16)).ToArray();
        using var expected = stack(parts.Select(part => part.to_type(ScalarType.Float32)).ToArray(), 0);
        DeviceMesh.RunInProcess([("a", 8)], mesh =>
        {
            var rounded = expected[0];
            for (var rank = 1; rank < 8; rank++) rounded = rounded.add(expected[rank]);
            using var sum = mesh.Axis("a").AllReduce(parts[mesh.Rank]);
            Samples.Same(rounded.to_type(ScalarType.BFloat16), sum);
        });
    }

    [Fact]
    public void A_sum_is_the_same_bits_on_every_rank_and_in_every_run()
    {
        var parts = Enumerable.Range(0, 4).Select(rank => Samples.Normal(rank, [10_001], ScalarType.Float32)).ToArray();
        double[] Run(int rank) => DeviceMesh.RunInProcess([("a", 4)], mesh =>
        {
            using var sum = mesh.Axis("a").AllReduce(parts[mesh.Rank]);
            return Samples.Doubles(sum);
        })[rank];
        var first = Run(0);
        for (var rank = 1; rank < 4; rank++) Assert.Equal(first, Run(rank));
    }

    [Fact]
    public void A_chunk_padded_with_zeros_and_summed_is_the_whole()
    {
        using var whole = Samples.Normal(4, [5, 3]);
        DeviceMesh.RunInProcess([("a", 3)], mesh =>
        {
            var axis = mesh.Axis("a");
            using var shard = axis.Slice(whole, 0);
            using var padded = axis.ZeroPad(shard, 0, 5);
            using var sum = axis.AllReduce(padded);
            Samples.Same(whole, sum);
            using var kept = axis.KeepOnFirst(whole);
            using var once = axis.AllReduce(kept);
            Samples.Same(whole, once);
        });
    }

    [Fact]
    public void The_global_size_is_the_sum_of_the_local_ones() => DeviceMesh.RunInProcess([("a", 4)], mesh =>
    {
        var axis = mesh.Axis("a");
        foreach (var whole in (long[])[0, 1, 5, 8, 10, 1000]) Assert.Equal(whole, axis.GlobalSize(axis.ChunkSize(whole)));
    });

    [Fact]
    public void Many_collectives_in_a_row_stay_in_step() => DeviceMesh.RunInProcess([("a", 2), ("b", 2)], mesh =>
    {
        for (var i = 0; i < 2000; i++)
        {
            using var x = full([1 + (i % 7)], mesh.Rank + i, ScalarType.Int64);
            using var a = mesh.Axis("a").AllReduce(x);
            using var b = mesh.Axis("b").AllReduce(a);
            using var all = b.amax(0);
            Assert.Equal(6 + (4 * i), all.item<long>());
        }
    });
}
