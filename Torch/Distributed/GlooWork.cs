namespace GShard.Torch;

/// <summary>A message or a collective under way. Its memory must stay until it has ended, or a message until it was disposed.</summary>
public sealed class GlooWork : IDisposable
{
    private readonly bool isMessage;
    private IntPtr handle;

    internal GlooWork(IntPtr handle, bool isMessage = false)
    {
        this.handle = LibTorch.Check(handle);
        this.isMessage = isMessage;
    }

    /// <summary>Waits for its end.</summary>
    /// <param name="limit">How long at most.</param>
    /// <returns>False where it goes on; it can be waited for again.</returns>
    /// <exception cref="ExternalException">It has failed, with Gloo's message.</exception>
    public bool Wait(TimeSpan limit)
    {
        ObjectDisposedException.ThrowIf(handle == IntPtr.Zero, this);
        var milliseconds = Math.Max(1, (long)limit.TotalMilliseconds);
        return (isMessage ? LibTorch.ts_message_wait(handle, milliseconds) : LibTorch.ts_work_wait(handle, milliseconds)) switch
        {
            0 => true,
            2 => false,
            _ => throw LibTorch.LastError(),
        };
    }

    /// <summary>Gives up a message that has not ended; a collective goes on.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var held && held != IntPtr.Zero)
            LibTorch.ts_work_release(held);
    }
}
