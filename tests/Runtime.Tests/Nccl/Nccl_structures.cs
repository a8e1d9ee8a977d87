using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>What NCCL is given, and what it would refuse.</summary>
public class Nccl_structures
{
    [Fact]
    public void Have_the_sizes_of_nccl_h() =>
        Assert.Equal((128, 96), (Unsafe.SizeOf<NcclUniqueId>(), Unsafe.SizeOf<NcclConfig>()));

    [Fact]
    public void A_type_that_nccl_lacks_or_reduces_otherwise_is_reduced_by_us()
    {
        Assert.Equal(new NcclType(7, 0, 1), NcclType.Of(ScalarType.Float32, Reduction.Sum));
        Assert.Equal(new NcclType(9, 0, 1), NcclType.Of(ScalarType.BFloat16, Reduction.Sum));
        Assert.Equal(new NcclType(8, 0, 2), NcclType.Of(ScalarType.ComplexFloat64, Reduction.Sum));
        Assert.Equal(new NcclType(4, 2, 1), NcclType.Of(ScalarType.Int64, Reduction.Max));
        // Of truth values the sum is a disjunction.
        Assert.Equal(new NcclType(1, 2, 1), NcclType.Of(ScalarType.Bool, Reduction.Sum));
        Assert.Null(NcclType.Of(ScalarType.Int16, Reduction.Sum));
        Assert.Null(NcclType.Of(ScalarType.Float32, Reduction.Max));
    }

    [Theory]
    [InlineData("a", "0", "", "a", "1", "", null)]
    [InlineData("a", "0", "", "b", "0", "", null)]
    [InlineData("a", "0", "x", "a", "0", "y", null)]
    [InlineData("a", "0", "", "a", "0", "", "ranks 4 and 6 both use cuda:0 of a, which NCCL refuses")]
    [InlineData("a", "0", "x", "a", "0", "x", "ranks 4 and 6 both use cuda:0 of a with NCCL_HOSTID=x, which NCCL refuses")]
    [InlineData("a", "0", "x", "b", "1", "x", "rank 4 on a and rank 6 on b both have NCCL_HOSTID=x")]
    public void Members_that_nccl_would_mistake_are_a_sentence(string machineA, string busA, string hostA, string machineB, string busB, string hostB, string? expected)
    {
        var conflict = NcclPeer.Conflict([Peer(4, machineA, busA, hostA), Peer(6, machineB, busB, hostB)]);
        if (expected is null) Assert.Null(conflict);
        else Assert.StartsWith(expected, conflict!.Value.Message);

        static NcclPeer Peer(int rank, string machine, string bus, string host) => NcclPeer.Decode(new NcclPeer(rank, machine, "cuda:0", bus, host, []).Encode());
    }
}
