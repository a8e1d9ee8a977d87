using System.Runtime.InteropServices;

namespace GShard;

/// <summary>
/// <c>ncclConfig_t</c> as NCCL 2.30 has it. The library reads as much of it as it knows, by the size; what is undefined is left to it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NcclConfig
{
    private const int Undefined = int.MinValue;

    private nuint size;
    private uint magic;
    private uint version;
    private int blocking;
    private int cgaClusterSize;
    private int minCTAs;
    private int maxCTAs;
    private nint netName;
    private int splitShare;
    private int trafficClass;
    private nint commName;
    private int collnetEnable;
    private int ctaPolicy;
    private int shrinkShare;
    private int nvlsCTAs;
    private int channelsPerNetPeer;
    private int nvlinkCentricSched;
    private int graphUsageMode;
    private int numRmaCtx;
    private int maxP2pPeers;

    /// <summary>A communicator whose calls return at once, so that it can be aborted whatever it is in.</summary>
    public static NcclConfig NonBlocking() => new()
    {
        size = (nuint)sizeof(NcclConfig),
        magic = 0xcafebeef,
        version = 23007,
        blocking = 0,
        cgaClusterSize = Undefined,
        minCTAs = Undefined,
        maxCTAs = Undefined,
        netName = 0,
        splitShare = Undefined,
        trafficClass = Undefined,
        commName = 0,
        collnetEnable = Undefined,
        ctaPolicy = Undefined,
        shrinkShare = Undefined,
        nvlsCTAs = Undefined,
        channelsPerNetPeer = Undefined,
        nvlinkCentricSched = Undefined,
        graphUsageMode = Undefined,
        numRmaCtx = Undefined,
        maxP2pPeers = Undefined,
    };
}
