using static TorchSharp.torch;

namespace GShard;

/// <summary>NCCL: tensors on CUDA devices, over NVLink, PCI and the network. Groups connect when they first exchange a tensor.</summary>
internal sealed unsafe class NcclBackend(NcclLibrary library) : ProcessBackend
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, NcclCommunicator> communicators = [];
    private Timer? watchdog;
    private int isBroken;
    private bool isAborted;

    /// <summary>Whether operands lie in host memory, as under a library for tests.</summary>
    public bool UsesHostMemory => library.HostDevice is not null;

    public override void Describe(Dictionary<string, string> settings) => settings["NCCL"] = library.Version;

    public override CollectiveGroup Join(ProcessWorld world, string name, int[] ranks, int member) => new NcclGroup(this, world, new RankGroup(name, ranks, member));

    /// <summary>The communicator of a group that has connected, or null.</summary>
    public NcclCommunicator? Find(int[] ranks)
    {
        lock (communicators) return communicators.GetValueOrDefault(string.Join(',', ranks));
    }

    /// <summary>What this member tells the others before they connect.</summary>
    public NcclPeer Introduce(int rank, int member, Device device)
    {
        NcclUniqueId id = default;
        if (member == 0 && library.GetUniqueId(&id) is not NcclLibrary.Success and var result)
            throw new ExchangeException($"ncclGetUniqueId: {library.Describe(result, 0)}", new InvalidOperationException($"NCCL's result {result}."));
        var bus = library.HostDevice ?? CudaDriver.BusId(device.index);
        return new NcclPeer(
            rank, Environment.MachineName, $"{device} ({bus})", bus, Environment.GetEnvironmentVariable("NCCL_HOSTID") ?? "",
            member == 0 ? [.. (ReadOnlySpan<byte>)id] : []);
    }

    /// <summary>Begins to connect the members of a group.</summary>
    public NcclCommunicator Connect(ProcessWorld world, int[] ranks, int member, byte[] uniqueId, Device device)
    {
        NcclUniqueId id = default;
        uniqueId.CopyTo(id);
        if (!UsesHostMemory) CudaDriver.MakeCurrent(device.index);
        var communicator = new NcclCommunicator(library, id, member, ranks.Length);
        lock (communicators)
        {
            communicators.Add(string.Join(',', ranks), communicator);
            if (isAborted) communicator.Abort();
            watchdog ??= new Timer(_ => Look(world), null, LookInterval, LookInterval);
        }
        return communicator;
    }

    public override void Abort()
    {
        NcclCommunicator[] all;
        lock (communicators)
        {
            isAborted = true;
            watchdog?.Dispose();
            all = [.. communicators.Values];
        }
        foreach (var communicator in all) communicator.Abort();
    }

    public override void Dispose()
    {
        lock (communicators)
        {
            watchdog?.Dispose();
            foreach (var communicator in communicators.Values) communicator.Dispose();
        }
    }

    // A rank may wait for its device, and not for a collective, when an exchange breaks there.
    private void Look(ProcessWorld world)
    {
        NcclCommunicator[] all;
        lock (communicators) all = [.. communicators.Values];
        foreach (var communicator in all)
            if (communicator.Failure() is { } failure && Interlocked.Exchange(ref isBroken, 1) == 0)
                world.Broke($"NCCL: {failure}");
    }
}
