namespace GShard;

/// <summary>What carries exchanges between processes.</summary>
internal abstract class ProcessBackend : IDisposable
{
    /// <summary>The backend of a name.</summary>
    /// <exception cref="LaunchException">There is none, or this build has it not.</exception>
    public static ProcessBackend Create(string name) => name switch
    {
        "gloo" => GlooBackend.Create(),
        _ => throw new LaunchException($"There is no backend '{name}'; there is gloo."),
    };

    /// <summary>Called on rank 0 before the ranks meet: what they need to find each other, which all are told.</summary>
    public abstract string Serve(MeshOptions options);

    /// <summary>Called on every rank when all are there.</summary>
    /// <param name="host">The host of rank 0.</param>
    /// <param name="token">What <see cref="Serve"/> returned there.</param>
    /// <param name="address">The address of the interface by which others reach this process.</param>
    /// <param name="options">The options.</param>
    public abstract void Connect(string host, string token, string address, MeshOptions options);

    /// <summary>Opens a group; all of its members do.</summary>
    /// <param name="key">A name of its own.</param>
    /// <param name="member">This member.</param>
    /// <param name="size">The number of members.</param>
    /// <exception cref="ExchangeException">The members could not connect.</exception>
    public abstract IExchange Open(string key, int member, int size);

    /// <summary>Closes what the groups met over.</summary>
    public abstract void Dispose();
}
