namespace GShard.Torch;

/// <summary>c10d's key-value store, over which the members of a process group find each other.</summary>
public sealed class KeyValueStore : IDisposable
{
    private IntPtr handle;

    private KeyValueStore(IntPtr handle) => this.handle = handle;

    /// <summary>Frees the store if it was not disposed.</summary>
    ~KeyValueStore() => Release();

    /// <summary>The port of a store made by <see cref="Serve"/> or <see cref="Connect"/>.</summary>
    public int Port { get; private init; }

    internal IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(KeyValueStore));

    /// <summary>Serves a store on any free port; it lives as long as this object does.</summary>
    /// <param name="host">The name or address by which the server reaches itself.</param>
    /// <param name="timeout">How long a key is waited for.</param>
    public static KeyValueStore Serve(string host, TimeSpan timeout) => Open(host, 0, true, timeout);

    /// <summary>Connects to a store.</summary>
    /// <param name="host">The server's name or address.</param>
    /// <param name="port">The server's port.</param>
    /// <param name="timeout">How long the server and a key are waited for.</param>
    public static KeyValueStore Connect(string host, int port, TimeSpan timeout) => Open(host, port, false, timeout);

    /// <summary>The same store with a prefix before every key.</summary>
    public KeyValueStore WithPrefix(string prefix)
    {
        var prefixed = new KeyValueStore(LibTorch.Check(LibTorch.ts_store_prefix(Handle, prefix)));
        GC.KeepAlive(this);
        return prefixed;
    }

    /// <summary>Closes the connection; a server goes on until the groups over it are gone.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private static KeyValueStore Open(string host, int port, bool server, TimeSpan timeout)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        var handle = LibTorch.Check(LibTorch.ts_store_tcp(host, port, server ? 1 : 0, (long)timeout.TotalMilliseconds));
        return new KeyValueStore(handle) { Port = LibTorch.ts_store_port(handle) };
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var held && held != IntPtr.Zero)
            LibTorch.ts_store_release(held);
    }
}
