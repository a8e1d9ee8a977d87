using System.Runtime.InteropServices;
using static GShard.Process.Tests.FakeNcclFunctions;

namespace GShard.Process.Tests;

/// <summary>The libnccl of the tests refuses what NCCL forbids: each rule is broken once, by calls that are otherwise right.</summary>
public sealed class FakeNcclRuleTests : IDisposable
{
    private const int InvalidUsage = 5;
    private const int InProgress = 7;
    private const int Float = 7;
    private const int Int = 2;
    private const int Sum = 0;
    private const int Max = 2;

    private readonly FakeNccl nccl = new();
    private readonly nint memory = Marshal.AllocHGlobal(4096);
    private readonly List<nint> opened = [];

    public FakeNcclRuleTests() => SetEnvironment("FAKE_NCCL_FOLDER", nccl.Variables["FAKE_NCCL_FOLDER"], 1);

    public void Dispose()
    {
        foreach (var comm in opened) CommAbort(comm);
        Marshal.FreeHGlobal(memory);
        nccl.Dispose();
    }

    [Fact]
    public void What_is_right_is_done()
    {
        var (a, b) = Pair();
        Marshal.Copy(new float[] { 1, 2 }, 0, memory, 2);
        Marshal.Copy(new float[] { 10, 20 }, 0, memory + 8, 2);
        Group(() => AllReduce(memory, memory + 16, 2, Float, Sum, a, 0));
        Group(() => AllReduce(memory + 8, memory + 24, 2, Float, Sum, b, 0));
        Assert.Equal((0, 0), (Settled(a), Settled(b)));
        var sums = new float[4];
        Marshal.Copy(memory + 16, sums, 0, 4);
        Assert.Equal([11, 22, 11, 22], sums);
        foreach (var comm in opened)
        {
            Assert.Equal(0, CommFinalize(comm));
            Assert.Equal(0, CommDestroy(comm));
        }
        opened.Clear();
        Assert.Equal("", nccl.Violations);
    }

    [Fact]
    public void A_communicator_begun_wrongly()
    {
        Assert.Equal(0, GetUniqueId(out var id));
        void Refuses(string sentence, int rank, UniqueId of, Config config) => Breaks(sentence, CommInit(out _, 2, of, rank, config));
        GroupStart();
        Refuses("ncclCommInitRankConfig inside a group", 0, id, Config.Initial);
        GroupEnd();
        Refuses("the unique id did not arrive as 128 bytes by value", 0, id with { P = 1 }, Config.Initial);
        Refuses("rank 2 of 2", 2, id, Config.Initial);
        Refuses("rank -1 of 2", -1, id, Config.Initial);
        Refuses("ncclConfig_t: its size is not that of the layout", 0, id, Config.Initial with { Size = 48 });
        Refuses("ncclConfig_t: its magic is not 0xcafebeef", 0, id, Config.Initial with { Magic = 1 });
        Refuses("ncclConfig_t: its version is not 23007", 0, id, Config.Initial with { Version = 21400 });
        Refuses("ncclConfig_t: it blocks", 0, id, Config.Initial with { Blocking = 1 });
        Refuses("ncclConfig_t: a name is not NULL", 0, id, Config.Initial with { CommName = memory });
        Refuses("ncclConfig_t: a name is not NULL", 0, id, Config.Initial with { NetName = memory });
        Refuses("ncclConfig_t: a field is not undefined (INT_MIN)", 0, id, Config.Initial with { MinCtas = 0 });
        Refuses("ncclConfig_t: a field is not undefined (INT_MIN)", 0, id, Config.Initial with { MaxP2pPeers = 0 });
        Assert.Equal(0, nccl.Count("init"));
    }

    [Fact]
    public void Members_that_give_different_sizes()
    {
        GetUniqueId(out var id);
        var (a, b) = (Open(id, 0, 2), Open(id, 1, 3));
        Assert.Equal(InvalidUsage, Settled(a));
        Assert.Contains("the members give different sizes of the communicator", nccl.Violations);
        _ = b;
    }

    [Fact]
    public void A_communicator_ended_wrongly()
    {
        GetUniqueId(out var id);
        Breaks("ncclCommFinalize while a call is under way", CommFinalize(Open(id, 0, 2)));
        var (a, _) = Pair();
        Breaks("ncclCommDestroy before ncclCommFinalize", CommDestroy(a));
        Assert.Equal(0, CommFinalize(a));
        Breaks("ncclCommFinalize twice", CommFinalize(a));
        InGroup("ncclAllReduce after ncclCommFinalize", () => AllReduce(memory, memory, 2, Float, Sum, a, 0));
        Breaks("ncclCommAbort without a communicator", CommAbort(0));
        Breaks("ncclCommGetAsyncError without a communicator", AsyncError(0, out var state));
        _ = state;
    }

    [Fact]
    public void Groups_in_the_wrong_order()
    {
        var (a, b) = Pair();
        Breaks("ncclGroupEnd without ncclGroupStart", GroupEnd());
        Breaks("ncclAllReduce outside of a group", AllReduce(memory, memory, 2, Float, Sum, a, 0));
        GroupStart();
        AllReduce(memory, memory, 2, Float, Sum, a, 0);
        Breaks("two communicators in one group", AllReduce(memory, memory, 2, Float, Sum, b, 0));
        GroupEnd();
        // The other member has not called yet.
        InGroup("ncclAllGather while a call is under way or after a failure", () => AllGather(memory, memory, 2, Float, a, 0));
    }

    [Fact]
    public void A_group_inside_a_group()
    {
        // Of a thread of its own, whose depth stays.
        var thread = new Thread(() =>
        {
            GroupStart();
            Breaks("a group inside a group", GroupStart());
        });
        thread.Start();
        thread.Join();
        Assert.Contains("a group inside a group", nccl.Violations);
    }

    [Fact]
    public void Calls_with_wrong_arguments()
    {
        var (a, _) = Pair();
        InGroup("ncclAllReduce without a communicator", () => AllReduce(memory, memory, 2, Float, Sum, 0, 0));
        InGroup("ncclAllReduce on a stream, where there is no device", () => AllReduce(memory, memory, 2, Float, Sum, a, 64));
        InGroup("ncclAllGather of nothing", () => AllGather(memory, memory, 0, Float, a, 0));
        InGroup("ncclAllGather of elements of type 12", () => AllGather(memory, memory, 2, 12, a, 0));
        InGroup("ncclAllReduce without memory", () => AllReduce(0, memory, 2, Float, Sum, a, 0));
        InGroup("ncclRecv without memory", () => Receive(0, 2, Float, 1, a, 0));
        InGroup("ncclAllReduce with operation 7", () => AllReduce(memory, memory, 2, Float, 7, a, 0));
        InGroup("ncclBroadcast with rank 2", () => Broadcast(memory, memory, 2, Float, 2, a, 0));
        InGroup("ncclSend to itself", () => Send(memory, 2, Float, 0, a, 0));
        GroupStart();
        for (var i = 0; i < 4096; i++) Assert.Equal(0, Send(memory, 1, Float, 1, a, 0));
        Breaks("more than 4096 calls in a group", Send(memory, 1, Float, 1, a, 0));
        GroupEnd();
    }

    public static TheoryData<string> Disagreements => ["count", "type", "operation", "kind", "order", "root"];

    [Theory]
    [MemberData(nameof(Disagreements))]
    public void Members_that_disagree_on_a_collective(string what)
    {
        var (a, b) = Pair();
        Group(() => what == "root" ? Broadcast(memory, memory, 2, Float, 0, a, 0) : AllReduce(memory, memory + 64, 2, Float, Sum, a, 0));
        Group(() => what switch
        {
            "count" => AllReduce(memory, memory + 128, 3, Float, Sum, b, 0),
            "type" => AllReduce(memory, memory + 128, 2, Int, Sum, b, 0),
            "operation" => AllReduce(memory, memory + 128, 2, Float, Max, b, 0),
            "root" => Broadcast(memory, memory + 128, 2, Float, 1, b, 0),
            "kind" => AllGather(memory, memory + 128, 2, Float, b, 0),
            // The right collective comes, but after another.
            _ => AllGather(memory, memory + 128, 1, Float, b, 0) + AllReduce(memory, memory + 256, 2, Float, Sum, b, 0),
        });
        Assert.Equal(InvalidUsage, Settled(a));
        Assert.Contains("the members of a collective differ in kind, count, type, operation or root", nccl.Violations);
    }

    [Theory]
    [InlineData(3, Float)]
    [InlineData(2, Int)]
    public void A_message_that_is_not_the_one_awaited(int count, int type)
    {
        var (a, b) = Pair();
        Group(() => Send(memory, 2, Float, 1, a, 0));
        Group(() => Receive(memory + 64, (nuint)count, type, 0, b, 0));
        Assert.Equal(InvalidUsage, Settled(b));
        Assert.Contains("rank 1: ncclRecv has another count or type than the ncclSend it belongs to", nccl.Violations);
    }

    private (nint A, nint B) Pair()
    {
        GetUniqueId(out var id);
        var (a, b) = (Open(id, 0, 2), Open(id, 1, 2));
        Assert.Equal((0, 0), (Settled(a), Settled(b)));
        return (a, b);
    }

    private nint Open(UniqueId id, int rank, int ranks)
    {
        Assert.Equal(InProgress, CommInit(out var comm, ranks, id, rank, Config.Initial));
        opened.Add(comm);
        return comm;
    }

    private static void Group(Func<int> call)
    {
        Assert.Equal(0, GroupStart());
        Assert.Equal(0, call());
        Assert.Equal(InProgress, GroupEnd());
    }

    private void InGroup(string sentence, Func<int> call)
    {
        Assert.Equal(0, GroupStart());
        Breaks(sentence, call());
        GroupEnd();
    }

    private void Breaks(string sentence, int result)
    {
        Assert.Equal(InvalidUsage, result);
        Assert.Equal(sentence, Marshal.PtrToStringUTF8(LastError(0)));
        Assert.EndsWith($" {sentence}\n", nccl.Violations);
    }

    /// <summary>The state of a communicator once its calls are done.</summary>
    private static int Settled(nint comm)
    {
        var since = Environment.TickCount64;
        int state;
        while (AsyncError(comm, out state) == 0 && state == InProgress && Environment.TickCount64 - since < 30_000) Thread.Sleep(1);
        return state;
    }
}
