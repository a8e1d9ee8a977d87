using System.Runtime.InteropServices;

namespace GShard;

/// <summary>The functions of <c>libnccl.so.2</c>. A stream is CUDA's handle, 0 for the default stream; addresses are of device memory.</summary>
internal sealed unsafe class NcclLibrary
{
    public const int Success = 0;
    public const int InProgress = 7;

    /// <summary>The first version with communicators that do not block.</summary>
    private const int OldestVersion = 21400;
    private const string Name = "libnccl.so.2";

    private readonly nint library;
    private readonly string path;

    private NcclLibrary(nint library, string path)
    {
        this.library = library;
        this.path = path;
        GetUniqueId = (delegate* unmanaged[Cdecl]<NcclUniqueId*, int>)Export("ncclGetUniqueId");
        CommInitRankConfig = (delegate* unmanaged[Cdecl]<nint*, int, NcclUniqueId, int, NcclConfig*, int>)Export("ncclCommInitRankConfig");
        CommGetAsyncError = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("ncclCommGetAsyncError");
        CommFinalize = (delegate* unmanaged[Cdecl]<nint, int>)Export("ncclCommFinalize");
        CommDestroy = (delegate* unmanaged[Cdecl]<nint, int>)Export("ncclCommDestroy");
        CommAbort = (delegate* unmanaged[Cdecl]<nint, int>)Export("ncclCommAbort");
        GroupStart = (delegate* unmanaged[Cdecl]<int>)Export("ncclGroupStart");
        GroupEnd = (delegate* unmanaged[Cdecl]<int>)Export("ncclGroupEnd");
        AllReduce = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)Export("ncclAllReduce");
        ReduceScatter = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)Export("ncclReduceScatter");
        AllGather = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, nint, nint, int>)Export("ncclAllGather");
        Broadcast = (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)Export("ncclBroadcast");
        Send = (delegate* unmanaged[Cdecl]<nint, nuint, int, int, nint, nint, int>)Export("ncclSend");
        Receive = (delegate* unmanaged[Cdecl]<nint, nuint, int, int, nint, nint, int>)Export("ncclRecv");
        getErrorString = (delegate* unmanaged[Cdecl]<int, byte*>)Export("ncclGetErrorString");
        getLastError = (delegate* unmanaged[Cdecl]<nint, byte*>)Export("ncclGetLastError");
        // A library for tests brings a device of its own, whose memory is the host's.
        if (NativeLibrary.TryGetExport(library, "gshardNcclHostDevice", out var device))
            HostDevice = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)device)());
    }

    public delegate* unmanaged[Cdecl]<NcclUniqueId*, int> GetUniqueId { get; }

    public delegate* unmanaged[Cdecl]<nint*, int, NcclUniqueId, int, NcclConfig*, int> CommInitRankConfig { get; }

    public delegate* unmanaged[Cdecl]<nint, int*, int> CommGetAsyncError { get; }

    public delegate* unmanaged[Cdecl]<nint, int> CommFinalize { get; }

    public delegate* unmanaged[Cdecl]<nint, int> CommDestroy { get; }

    public delegate* unmanaged[Cdecl]<nint, int> CommAbort { get; }

    public delegate* unmanaged[Cdecl]<int> GroupStart { get; }

    public delegate* unmanaged[Cdecl]<int> GroupEnd { get; }

    public delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> AllReduce { get; }

    public delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> ReduceScatter { get; }

    public delegate* unmanaged[Cdecl]<nint, nint, nuint, int, nint, nint, int> AllGather { get; }

    public delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> Broadcast { get; }

    public delegate* unmanaged[Cdecl]<nint, nuint, int, int, nint, nint, int> Send { get; }

    public delegate* unmanaged[Cdecl]<nint, nuint, int, int, nint, nint, int> Receive { get; }

    private readonly delegate* unmanaged[Cdecl]<int, byte*> getErrorString;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*> getLastError;

    /// <summary>The version, as in <c>2.30.7</c>.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The name of the device of a library that works on host memory; null for one that works on CUDA devices.</summary>
    public string? HostDevice { get; }

    /// <summary>Finds the library: <c>GSHARD_NCCL</c> names its file, else the loader looks for it.</summary>
    /// <exception cref="LaunchException">It is not there, or too old.</exception>
    public static NcclLibrary Load(Func<string, string?> variable)
    {
        var path = variable("GSHARD_NCCL") is { Length: > 0 } named ? named : Name;
        if (!NativeLibrary.TryLoad(path, out var library))
            throw new LaunchException($"The backend is nccl, but '{path}' cannot be loaded; install NCCL 2.14 or newer (libnccl2), name its libnccl.so.2 in GSHARD_NCCL, or take another backend on every rank (GSHARD_BACKEND=gloo).");
        if (!NativeLibrary.TryGetExport(library, "ncclGetVersion", out var getVersion))
            throw new LaunchException($"'{path}' is not NCCL: it has no ncclGetVersion; name a libnccl.so.2 in GSHARD_NCCL.");
        int number;
        if (((delegate* unmanaged[Cdecl]<int*, int>)getVersion)(&number) != Success) number = 0;
        var version = Describe(number);
        if (number < OldestVersion)
            throw new LaunchException($"'{path}' is NCCL {version}, and the backend nccl needs 2.14 or newer; install a newer one, or name one in GSHARD_NCCL.");
        return new NcclLibrary(library, path) { Version = version };
    }

    /// <summary>What a result means, with the library's last words.</summary>
    /// <param name="result">The result.</param>
    /// <param name="communicator">The communicator, or 0.</param>
    public string Describe(int result, nint communicator)
    {
        var last = Text(getLastError(communicator)).Trim();
        return last.Length == 0 ? Text(getErrorString(result)) : $"{Text(getErrorString(result))} ({last})";
    }

    // Up to 2.8 a version had one digit for the minor number.
    private static string Describe(int number) => number < 10000
        ? $"{number / 1000}.{number / 100 % 10}.{number % 100}"
        : $"{number / 10000}.{number / 100 % 100}.{number % 100}";

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private nint Export(string name) => NativeLibrary.TryGetExport(library, name, out var address)
        ? address
        : throw new LaunchException($"'{path}' has no {name}, which NCCL has from 2.14 on; name a newer libnccl.so.2 in GSHARD_NCCL.");
}
