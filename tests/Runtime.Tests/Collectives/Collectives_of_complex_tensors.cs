using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Complex numbers are moved as they are and summed by their parts.</summary>
public class Collectives_of_complex_tensors
{
    public static TheoryData<int, ScalarType> Cases => new()
    {
        { 1, ScalarType.ComplexFloat64 }, { 2, ScalarType.ComplexFloat32 }, { 3, ScalarType.ComplexFloat64 }, { 4, ScalarType.ComplexFloat32 },
    };

    private static Tensor Numbers(int seed, ScalarType dtype, params long[] shape)
    {
        var part = dtype == ScalarType.ComplexFloat64 ? ScalarType.Float64 : ScalarType.Float32;
        return complex(Samples.Integers(seed, shape, part), Samples.Integers(seed + 50, shape, part));
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Samples.Same(view_as_real(expected), view_as_real(actual));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sums_and_chunks_of_sums(int size, ScalarType dtype)
    {
        var inputs = Enumerable.Range(0, size).Select(rank => Numbers(rank, dtype, 5, 7)).ToArray();
        var sum = inputs.Aggregate((a, b) => a + b);
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            Same(sum, axis.AllReduce(inputs[mesh.Rank]));
            for (var dim = 0; dim < 2; dim++) Same(axis.Slice(sum, dim), axis.ReduceScatter(inputs[mesh.Rank], dim));
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gathers_exchanges_permutations_and_broadcasts(int size, ScalarType dtype)
    {
        var whole = Numbers(3, dtype, 5, 6);
        DeviceMesh.RunInProcess([("a", size)], mesh =>
        {
            var axis = mesh.Axis("a");
            for (var dim = 0; dim < 2; dim++)
            {
                Same(whole, axis.AllGather(axis.Slice(whole, dim), dim));
                Same(axis.Slice(whole, 1 - dim), axis.AllToAll(axis.Slice(whole, dim), splitDim: 1 - dim, concatDim: dim));
            }

            Same(Numbers(axis.Size - 1, dtype, 3), axis.Broadcast(Numbers(mesh.Rank, dtype, 3), axis.Size - 1));
        });
    }
}
