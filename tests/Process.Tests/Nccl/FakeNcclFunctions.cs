using System.Runtime.InteropServices;

namespace GShard.Process.Tests;

/// <summary>The functions of the libnccl of the tests, as C declares them.</summary>
internal static partial class FakeNcclFunctions
{
    private const string Library = "libfake_nccl.so";

    [StructLayout(LayoutKind.Sequential)]
    public struct UniqueId
    {
        public long A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Config
    {
        public nuint Size;
        public uint Magic, Version;
        public int Blocking, CgaClusterSize, MinCtas, MaxCtas;
        public nint NetName;
        public int SplitShare, TrafficClass;
        public nint CommName;
        public int CollnetEnable, CtaPolicy, ShrinkShare, NvlsCtas, ChannelsPerNetPeer, NvlinkCentricSched, GraphUsageMode, NumRmaCtx, MaxP2pPeers;

        /// <summary>As NCCL_CONFIG_INITIALIZER has it, for communicators that do not block.</summary>
        public static Config Initial => new()
        {
            Size = (nuint)Marshal.SizeOf<Config>(),
            Magic = 0xcafebeef,
            Version = 23007,
            Blocking = 0,
            CgaClusterSize = int.MinValue,
            MinCtas = int.MinValue,
            MaxCtas = int.MinValue,
            SplitShare = int.MinValue,
            TrafficClass = int.MinValue,
            CollnetEnable = int.MinValue,
            CtaPolicy = int.MinValue,
            ShrinkShare = int.MinValue,
            NvlsCtas = int.MinValue,
            ChannelsPerNetPeer = int.MinValue,
            NvlinkCentricSched = int.MinValue,
            GraphUsageMode = int.MinValue,
            NumRmaCtx = int.MinValue,
            MaxP2pPeers = int.MinValue,
        };
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport(Library, EntryPoint = "ncclGetUniqueId")]
    public static partial int GetUniqueId(out UniqueId id);

    [LibraryImport(Library, EntryPoint = "ncclCommInitRankConfig")]
    public static partial int CommInit(out nint comm, int ranks, UniqueId id, int rank, in Config config);

    [LibraryImport(Library, EntryPoint = "ncclCommGetAsyncError")]
    public static partial int AsyncError(nint comm, out int state);

    [LibraryImport(Library, EntryPoint = "ncclCommFinalize")]
    public static partial int CommFinalize(nint comm);

    [LibraryImport(Library, EntryPoint = "ncclCommDestroy")]
    public static partial int CommDestroy(nint comm);

    [LibraryImport(Library, EntryPoint = "ncclCommAbort")]
    public static partial int CommAbort(nint comm);

    [LibraryImport(Library, EntryPoint = "ncclGroupStart")]
    public static partial int GroupStart();

    [LibraryImport(Library, EntryPoint = "ncclGroupEnd")]
    public static partial int GroupEnd();

    [LibraryImport(Library, EntryPoint = "ncclAllReduce")]
    public static partial int AllReduce(nint input, nint output, nuint count, int type, int operation, nint comm, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclAllGather")]
    public static partial int AllGather(nint input, nint output, nuint count, int type, nint comm, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclBroadcast")]
    public static partial int Broadcast(nint input, nint output, nuint count, int type, int root, nint comm, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclSend")]
    public static partial int Send(nint input, nuint count, int type, int peer, nint comm, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclRecv")]
    public static partial int Receive(nint output, nuint count, int type, int peer, nint comm, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclGetLastError")]
    public static partial nint LastError(nint comm);
}
