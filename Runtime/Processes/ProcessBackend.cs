namespace GShard;

/// <summary>What carries collectives between processes.</summary>
internal abstract class ProcessBackend : IDisposable
{
    /// <summary>The backend of a name.</summary>
    /// <exception cref="LaunchException">There is none, or this build or machine has it not.</exception>
    public static ProcessBackend Create(string name) => name switch
    {
        "gloo" => GlooBackend.Create(),
        "nccl" => new NcclBackend(NcclLibrary.Load(Environment.GetEnvironmentVariable)),
        _ => throw new LaunchException($"There is no backend '{name}'; there are gloo and nccl."),
    };

    /// <summary>Adds what every rank must have alike.</summary>
    public virtual void Describe(Dictionary<string, string> settings)
    {
    }

    /// <summary>Called on rank 0 before the ranks meet: what they need to find each other, which all are told.</summary>
    public virtual string Serve(MeshOptions options) => "";

    /// <summary>Called on every rank when all are there.</summary>
    /// <param name="host">The host of rank 0.</param>
    /// <param name="token">What <see cref="Serve"/> returned there.</param>
    /// <param name="address">The address of the interface by which others reach this process.</param>
    /// <param name="options">The options.</param>
    public virtual void Connect(string host, string token, string address, MeshOptions options)
    {
    }

    /// <summary>The collectives of a group; all of its members join. The same ranks in the same order share their connections, whatever they are called.</summary>
    /// <param name="world">The ranks.</param>
    /// <param name="name">The name of the group, for messages.</param>
    /// <param name="ranks">The group's ranks.</param>
    /// <param name="member">This member.</param>
    public abstract CollectiveGroup Join(ProcessWorld world, string name, int[] ranks, int member);

    /// <summary>Ends what is under way after a failure, where it would not end by itself. On a thread of its own.</summary>
    public virtual void Abort()
    {
    }

    /// <summary>Closes the groups' connections and what they met over.</summary>
    public abstract void Dispose();
}
