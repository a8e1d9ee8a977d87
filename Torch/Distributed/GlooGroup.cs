namespace GShard.Torch;

/// <summary>
/// A process group of c10d's Gloo, over host memory that the caller keeps until the work is done. All members start the same collectives in
/// the same order; Gloo itself does not check that.
/// </summary>
public sealed unsafe class GlooGroup : IDisposable
{
    private readonly int size;
    private IntPtr handle;

    /// <summary>Meets the other members; all of them must call it.</summary>
    /// <param name="store">Where they meet; a prefix of its own for each group.</param>
    /// <param name="member">This member, from 0.</param>
    /// <param name="size">The number of members.</param>
    /// <param name="host">The name or address of the interface that this member listens on.</param>
    /// <param name="timeout">How long the others are waited for, here and in each collective.</param>
    public GlooGroup(KeyValueStore store, int member, int size, string host, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(host);
        if (!IsAvailable)
            throw new PlatformNotSupportedException("This libtorch was built without Gloo; take another, or another backend.");
        this.size = size;
        handle = LibTorch.Check(LibTorch.ts_gloo_create(store.Handle, member, size, host, (long)timeout.TotalMilliseconds));
        GC.KeepAlive(store);
    }

    /// <summary>Whether this libtorch has Gloo.</summary>
    public static bool IsAvailable => LibTorch.ts_has_gloo() != 0;

    /// <summary>Sends a run of bytes to each member and receives one of each.</summary>
    /// <param name="output">Where the runs of all members go, one after the other.</param>
    /// <param name="received">Their bytes, by member.</param>
    /// <param name="input">The runs for all members, one after the other.</param>
    /// <param name="sent">Their bytes, by member.</param>
    public GlooWork AllToAll(nint output, ReadOnlySpan<long> received, nint input, ReadOnlySpan<long> sent)
    {
        if (received.Length != size || sent.Length != size)
            throw new ArgumentException($"An all-to-all of {size} members needs {size} counts each way, but was given {received.Length} and {sent.Length}.");
        fixed (long* from = received, to = sent)
            return new GlooWork(LibTorch.ts_gloo_all_to_all(Handle, output, from, input, to, size));
    }

    /// <summary>Every member's bytes, one after the other; all give as many.</summary>
    public GlooWork AllGather(nint output, nint input, long bytes) => new(LibTorch.ts_gloo_all_gather(Handle, output, input, bytes, size));

    /// <summary>The bytes of one member, in place.</summary>
    public GlooWork Broadcast(nint data, long bytes, int source) => new(LibTorch.ts_gloo_broadcast(Handle, data, bytes, source));

    /// <summary>The reduction over the members, in place, in an order of Gloo's own: f32, f64, f16, i64, i32, i8 or u8.</summary>
    public GlooWork AllReduce(nint data, long count, ScalarType dtype, GlooReduction reduction) =>
        new(LibTorch.ts_gloo_all_reduce(Handle, data, count, (int)dtype, (int)reduction));

    /// <summary>Waits until what was started has ended, well or not, and closes the connections, by which the other members learn of it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var held && held != IntPtr.Zero)
            LibTorch.ts_gloo_release(held);
    }

    private IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(GlooGroup));
}
