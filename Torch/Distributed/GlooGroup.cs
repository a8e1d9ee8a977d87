namespace GShard.Torch;

/// <summary>
/// A process group of c10d's Gloo, over host memory that the caller keeps until the work is done. All members start the same all-reduces in
/// the same order; Gloo itself does not check that.
/// </summary>
public sealed unsafe class GlooGroup : IDisposable
{
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
        handle = LibTorch.Check(LibTorch.ts_gloo_create(store.Handle, member, size, host, (long)timeout.TotalMilliseconds));
        GC.KeepAlive(store);
    }

    /// <summary>Whether this libtorch has Gloo.</summary>
    public static bool IsAvailable => LibTorch.ts_has_gloo() != 0;

    /// <summary>Sends a message to another member.</summary>
    /// <param name="member">The other member.</param>
    /// <param name="tag">Its messages of one tag arrive in the order in which they were sent; at least 0.</param>
    /// <param name="data">The message.</param>
    /// <param name="bytes">Its bytes, at most as many as the other member expects.</param>
    public GlooWork Send(int member, int tag, nint data, long bytes) => new(LibTorch.ts_gloo_send(Handle, member, tag, data, bytes), isMessage: true);

    /// <summary>Receives the next message of a tag from another member.</summary>
    /// <param name="member">The other member.</param>
    /// <param name="tag">The tag, at least 0.</param>
    /// <param name="data">Where it goes.</param>
    /// <param name="bytes">How many bytes it has at most; one that has more ends the process.</param>
    public GlooWork Receive(int member, int tag, nint data, long bytes) => new(LibTorch.ts_gloo_receive(Handle, member, tag, data, bytes), isMessage: true);

    /// <summary>The reduction over the members, in place, in an order of Gloo's own: f32, f64, f16, i64, i32, i8 or u8.</summary>
    public GlooWork AllReduce(nint data, long count, ScalarType dtype, GlooReduction reduction) =>
        new(LibTorch.ts_gloo_all_reduce(Handle, data, count, (int)dtype, (int)reduction));

    /// <summary>Waits until the all-reduces that were started have ended, well or not, and closes the connections, by which the other members learn of it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var held && held != IntPtr.Zero)
            LibTorch.ts_gloo_release(held);
    }

    private IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(GlooGroup));
}
