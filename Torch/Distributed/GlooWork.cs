namespace GShard.Torch;

/// <summary>A collective under way. Its memory must stay until it has ended.</summary>
public sealed class GlooWork : IDisposable
{
    private IntPtr handle;

    internal GlooWork(IntPtr handle) => this.handle = LibTorch.Check(handle);

    /// <summary>Waits for its end.</summary>
    /// <param name="limit">How long at most.</param>
    /// <returns>False where it goes on; it can be waited for again.</returns>
    /// <exception cref="ExternalException">It has failed, with Gloo's message.</exception>
    public bool Wait(TimeSpan limit) => LibTorch.ts_work_wait(handle, Math.Max(1, (long)limit.TotalMilliseconds)) switch
    {
        0 => true,
        2 => false,
        _ => throw LibTorch.LastError(),
    };

    /// <summary>Forgets it; it goes on where it has not ended.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var held && held != IntPtr.Zero)
            LibTorch.ts_work_release(held);
    }
}
