using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The collectives of a group over NCCL. Members first meet over the host and say what each is about to do, so that they fail together, with
/// a sentence, where they disagree, and so that each knows the others' shapes. The tensors then stay on their devices: NCCL moves them and
/// reduces them, libtorch puts them together, all in the order of the current stream, for which the host does not wait.
/// </summary>
internal sealed partial class NcclGroup : CollectiveGroup
{
    // What an exchange that failed may still write into.
    private static readonly List<Tensor> Abandoned = [];

    private readonly NcclBackend backend;
    private readonly ProcessWorld world;
    private readonly RankGroup group;
    private readonly int member;
    private readonly Watch watch;

    public NcclGroup(NcclBackend backend, ProcessWorld world, RankGroup group)
    {
        this.backend = backend;
        this.world = world;
        this.group = group;
        member = group.Member;
        watch = new Watch(world, group);
    }

    private int Size => group.Size;

    private IEnumerable<int> Others => Enumerable.Range(0, Size).Where(other => other != member);

    public override void Barrier() => Meet(new CollectiveCall { Kind = CollectiveKind.Barrier });

    public override long GlobalSize(long localSize) => Meet(new CollectiveCall { Kind = CollectiveKind.GlobalSize, First = localSize }).Sum(call => call.First);

    public override byte[][] Tell(byte[] words)
    {
        var call = new CollectiveCall { Kind = CollectiveKind.AllGather, Dtype = ScalarType.Byte, Shape = [words.Length] };
        Meet(call);
        return Say(words, call);
    }

    /// <summary>All members' calls, which agree.</summary>
    private CollectiveCall[] Meet(CollectiveCall call)
    {
        if (world.NamesSites) call = call with { Site = CallSite.Current() };
        world.Begin(group, call);
        CollectiveCall[] calls = [.. Say(Frame.Encode(call), call).Select(words => Frame.Decode(words))];
        if (CollectiveAgreement.Disagreement(calls, group.Ranks, group.Name) is { } disagreement) throw world.Disagreed(group.Name, call, disagreement.Rank, disagreement.Message);
        return calls;
    }

    private byte[][] Say(byte[] words, CollectiveCall call)
    {
        var meeting = world.Meet(group.Ranks, words);
        watch.Finish(meeting, call);
        return meeting.Words;
    }

    /// <summary>Exchanges tensors that NCCL reads and writes.</summary>
    /// <param name="call">The collective.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="calls">Adds NCCL's calls.</param>
    private void Exchange(CollectiveCall call, Device device, Action<NcclBatch> calls)
    {
        var communicator = backend.Find(group.Ranks) ?? Connect(call, device);
        var batch = new NcclBatch();
        calls(batch);
        if (batch.Calls.Count == 0) return;
        try
        {
            watch.Finish(communicator.Start(batch, backend.UsesHostMemory ? 0 : DeviceStream.Current(device.index)), call);
        }
        catch (ExchangeException broken)
        {
            throw world.Lost(group.Name, call, broken);
        }
        catch
        {
            lock (Abandoned)
                foreach (var tensor in batch.Tensors) Abandoned.Add(tensor.alias().DetachFromDisposeScope());
            throw;
        }
    }

    private NcclCommunicator Connect(CollectiveCall call, Device device)
    {
        try
        {
            NcclPeer[] peers = [.. Say(backend.Introduce(group.Ranks[member], member, device).Encode(), call).Select(NcclPeer.Decode)];
            if (NcclPeer.Conflict(peers) is { } conflict) throw world.Disagreed(group.Name, call, conflict.Rank, conflict.Message);
            var communicator = backend.Connect(world, group.Ranks, member, peers[0].UniqueId, device);
            watch.Finish(communicator.Progress, call);
            return communicator;
        }
        catch (ExchangeException broken)
        {
            throw world.Lost(group.Name, call, broken);
        }
    }

    /// <summary>An operand as one run of device memory.</summary>
    private Tensor Operand(Tensor x)
    {
        _ = ElementType.Size(x.dtype);
        if (x.device_type != (backend.UsesHostMemory ? DeviceType.CPU : DeviceType.CUDA))
            throw new NotSupportedException($"NCCL exchanges tensors on CUDA devices, but the operand is on {x.device}; move it to this rank's device first, or run every rank with GSHARD_BACKEND=gloo, which exchanges host memory.");
        return x.contiguous();
    }

    private static CollectiveCall CallOf(CollectiveKind kind, Tensor x, int first = 0) => new() { Kind = kind, Dtype = x.dtype, Shape = x.shape, First = first };

    private static long[] With(long[] shape, int dim, long size)
    {
        var result = (long[])shape.Clone();
        result[dim] = size;
        return result;
    }
}
