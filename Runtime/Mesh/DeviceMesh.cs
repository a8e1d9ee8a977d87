using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The ranks of a program, arranged along named axes in row-major order (the last axis varies fastest), seen from one of them.
/// </summary>
public sealed class DeviceMesh : IDisposable
{
    private readonly RankWorld world;
    private readonly MeshAxis[] axes;
    private readonly Dictionary<string, DeviceMesh> reordered = [];

    internal DeviceMesh(RankWorld world, int rank)
        : this(world, rank, [.. Enumerable.Range(0, world.Shape.Size)], new GradientOverlap { IsOn = world.OverlapsGradients })
    {
    }

    private DeviceMesh(RankWorld world, int rank, int[] order, GradientOverlap overlap)
    {
        this.world = world;
        Overlap = overlap;
        Rank = rank;
        IsReordered = !order.SequenceEqual(order.Order());
        var shape = world.Shape;
        var place = Array.IndexOf(order, rank);
        axes = new MeshAxis[shape.Axes.Count];
        for (var i = 0; i < axes.Length; i++)
        {
            axes[i] = AxisOf(shape.Axes[i].Name, [.. shape.Peers(place, i).Select(peer => order[peer])], shape.Coordinate(place, i));
        }
        Everyone = AxisOf("mesh", [.. Enumerable.Range(0, shape.Size)], rank);
    }

    /// <summary>This rank.</summary>
    public int Rank { get; }

    /// <summary>The number of ranks.</summary>
    public int Size => world.Shape.Size;

    /// <summary>The axes, major first.</summary>
    public IReadOnlyList<MeshAxis> Axes => axes;

    /// <summary>How long a rank waits in one collective for the others before all of them fail; 60 s by default. One value for all ranks.</summary>
    public TimeSpan Timeout
    {
        get => world.Timeout;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            world.Timeout = value;
        }
    }

    /// <summary>
    /// Whether <c>Backward</c> goes on while gradients are exchanged, from 256 KB on, and waits for them at its end: the gradients have the same
    /// bits. Between processes as <see cref="MeshOptions.OverlapGradients"/> says; not on threads of one process, which only take the
    /// processor from each other, unless set. Every rank sets it alike, at the same place of the program. Over NCCL it makes no difference:
    /// the program waits for no exchange there.
    /// </summary>
    public bool OverlapsGradients
    {
        get => Overlap.IsOn;
        set => Overlap.IsOn = value;
    }

    /// <summary>Which exchanges of gradients go on beside the backward, on this mesh and on those in other orders.</summary>
    internal GradientOverlap Overlap { get; }

    /// <summary>Whether the ranks stand in another order than their numbers'.</summary>
    internal bool IsReordered { get; }

    /// <summary>The hashes of plans that all ranks are known to have.</summary>
    internal HashSet<string> VerifiedPlans { get; } = new(StringComparer.Ordinal);

    /// <summary>All ranks as one axis.</summary>
    internal MeshAxis Everyone { get; }

    /// <summary>
    /// Runs a program on a mesh of threads, one for each rank, and returns when all have. The ranks inherit the seed, step and micro-batch of
    /// <see cref="CounterRandom"/>. Operators run on one thread a rank; a single rank keeps all cores for matrix products.
    /// </summary>
    /// <param name="axes">One to four named axes, major first.</param>
    /// <param name="body">The program of each rank.</param>
    /// <exception cref="ArgumentException">No or more than four axes, an empty or repeated name, or a size below 1.</exception>
    /// <exception cref="RankFailedException">A rank failed: every other rank's waits are ended, and the first failure is rethrown with the rank and its collective.</exception>
    public static void RunInProcess(IReadOnlyList<(string Axis, int Size)> axes, Action<DeviceMesh> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        RankThreads.Run(new MeshShape(axes), body);
    }

    /// <summary>Runs a program on a mesh of threads, as <see cref="RunInProcess(IReadOnlyList{ValueTuple{string, int}}, Action{DeviceMesh})"/> does, and returns the ranks' results by rank.</summary>
    /// <typeparam name="T">The result of one rank.</typeparam>
    /// <param name="axes">One to four named axes, major first.</param>
    /// <param name="body">The program of each rank.</param>
    /// <exception cref="ArgumentException">No or more than four axes, an empty or repeated name, or a size below 1.</exception>
    /// <exception cref="RankFailedException">A rank failed.</exception>
    public static T[] RunInProcess<T>(IReadOnlyList<(string Axis, int Size)> axes, Func<DeviceMesh, T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var shape = new MeshShape(axes);
        var results = new T[shape.Size];
        RankThreads.Run(shape, mesh => results[mesh.Rank] = body(mesh));
        return results;
    }

    /// <summary>
    /// The mesh of the processes that a launcher has started: torchrun, <c>gshard launch</c>, srun, mpirun, Kubeflow or a Kubernetes indexed
    /// job. A process without a launcher is alone. Ranks are laid out host by host, so that the last axes stay inside a host. From then on a
    /// failure of any rank ends this process with an error; see docs/reliability.md.
    /// </summary>
    /// <param name="axes">One to four named axes, major first; one size may be −1, which is what is left. Null takes <c>GSHARD_MESH=data=2,expert=4</c>.</param>
    /// <param name="options">The backend and the time-outs; null takes those of the environment (<see cref="MeshOptions.FromEnvironment"/>).</param>
    /// <exception cref="LaunchException">The environment is not what a launcher sets, the axes do not fit the number of processes, or not all processes came together.</exception>
    public static DeviceMesh FromEnvironment(IReadOnlyList<(string Axis, int Size)>? axes = null, MeshOptions? options = null)
    {
        var launch = LaunchEnvironment.Read(Environment.GetEnvironmentVariable);
        var shape = AxisSizes.Resolve(axes, Environment.GetEnvironmentVariable("GSHARD_MESH"), launch);
        ParentProcess.Follow();
        ComputeThreads.Configure(launch.LocalRanks ?? 1);
        if (launch.Ranks == 1) return new DeviceMesh(new SingleRankWorld(shape), 0);
        var world = new ProcessWorld(launch, shape, options ?? MeshOptions.FromEnvironment(), endsProcess: true);
        return new DeviceMesh(world, world.Rank);
    }

    /// <summary>This process's place among those that a launcher has started, and their number: 0 of 1 where none has.</summary>
    /// <exception cref="LaunchException">The environment is not what a launcher sets.</exception>
    public static (int Rank, int Ranks) Launched()
    {
        var launch = LaunchEnvironment.Read(Environment.GetEnvironmentVariable);
        return (launch.Rank, launch.Ranks);
    }

    /// <summary>
    /// Runs a program on the mesh of <see cref="FromEnvironment"/>. An exception that leaves it is told to all other ranks, and to the launcher
    /// through <c>TORCHELASTIC_ERROR_FILE</c>, before it is thrown on.
    /// </summary>
    /// <param name="axes">The axes, as there.</param>
    /// <param name="body">The program of this rank.</param>
    /// <param name="options">The options, as there.</param>
    /// <exception cref="LaunchException">The processes did not come together.</exception>
    public static void RunFromEnvironment(IReadOnlyList<(string Axis, int Size)>? axes, Action<DeviceMesh> body, MeshOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        DeviceMesh mesh;
        try
        {
            mesh = FromEnvironment(axes, options);
        }
        catch (LaunchException e)
        {
            ErrorFile.Write(e.Message, e.ToString(), isCause: !e.IsConsequence);
            throw;
        }
        using (mesh)
        {
            try
            {
                body(mesh);
            }
            catch (Exception e)
            {
                (mesh.world as ProcessWorld)?.Report(e);
                throw;
            }
        }
    }

    /// <summary>The axis of a name.</summary>
    /// <exception cref="ArgumentException">The mesh has no such axis.</exception>
    public MeshAxis Axis(string name)
    {
        foreach (var axis in axes)
            if (axis.Name == name) return axis;
        throw new ArgumentException($"The mesh has no axis '{name}'; its axes are {world.Shape}.", nameof(name));
    }

    /// <summary>This rank's chunk of a whole tensor that every rank holds, along a dimension split over an axis. No communication.</summary>
    public Tensor Scatter(Tensor whole, int dim, string axis) => Axis(axis).Slice(whole, dim);

    /// <summary>The whole tensor of which every rank of the axis passes its chunk.</summary>
    public Tensor Gather(Tensor shard, int dim, string axis) => Axis(axis).AllGather(shard, dim);

    /// <summary>The same axes over the ranks in another order: what a tensor lies on that <c>[Shard(tile, devices)]</c> assigns to devices of its own.</summary>
    /// <param name="devices">The rank at each place of the mesh, in row-major order of the axes.</param>
    /// <returns>This mesh where it has one rank.</returns>
    /// <exception cref="ArgumentException">They are not the mesh's ranks, each once.</exception>
    public DeviceMesh Reordered(params int[] devices)
    {
        ArgumentNullException.ThrowIfNull(devices);
        if (Size == 1) return this;
        CheckRanks(devices);
        var key = string.Join(',', devices);
        if (!reordered.TryGetValue(key, out var mesh)) reordered[key] = mesh = new DeviceMesh(world, Rank, devices, Overlap);
        return mesh;
    }

    /// <summary>Sends this rank's tensor to rank <c>destinations[Rank]</c> and returns the one that arrives, of the same shape; a fresh tensor, an alias where the mesh has one rank.</summary>
    /// <param name="x">The tensor to send.</param>
    /// <param name="destinations">The mesh's ranks, each once; the same on all of them.</param>
    /// <exception cref="ArgumentException">The destinations are not the mesh's ranks, each once.</exception>
    /// <exception cref="CollectiveException">The tensor that arrives has another shape, or another rank failed.</exception>
    public Tensor Permute(Tensor x, params int[] destinations)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(destinations);
        if (Size == 1) return Everyone.Permute(x, [0]);
        CheckRanks(destinations);
        var arrived = Everyone.Permute(x, destinations);
        if (arrived.shape.AsSpan().SequenceEqual(x.shape)) return arrived;
        var from = Array.IndexOf(destinations, Rank);
        throw new CollectiveException(
            $"Rank {Rank} has a part of shape [{string.Join(", ", x.shape)}] where rank {from} has [{string.Join(", ", arrived.shape)}]; a tensor on devices in an order of its own must be cut into equal parts.",
            from, "Permute over the mesh");
    }

    private void CheckRanks(int[] devices)
    {
        if (!devices.Order().SequenceEqual(Enumerable.Range(0, Size)))
            throw new ArgumentException($"The devices [{string.Join(", ", devices)}] must be the {Size} ranks of the mesh {world.Shape}, each once; build the mesh with the sizes that the annotation promises, or of one rank.", nameof(devices));
    }

    /// <summary>Waits for every rank of the mesh.</summary>
    public void Barrier() => Everyone.Barrier();

    /// <summary>
    /// Leaves the mesh. Between processes it waits until every rank has, so that nobody loses a connection that it needs; on threads of one
    /// process there is nothing to do.
    /// </summary>
    public void Dispose() => world.Leave();

    /// <summary>Waits for what this rank has started.</summary>
    internal void Settle()
    {
        foreach (var axis in axes) axis.Settle();
        foreach (var mesh in reordered.Values) mesh.Settle();
    }

    /// <summary>This rank's last 64 collectives, oldest first: <c>AllReduce(f32[4]) over 'data'; …</c></summary>
    internal string History => world.Log(Rank).History();

    /// <summary>The collectives that this rank calls while something runs, in order, for tests of what a model communicates: <c>AllReduce(f32[4, 8]) over 'data'</c>.</summary>
    /// <param name="action">What runs; of more than 64 collectives the last 64 are told.</param>
    public string[] Calls(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var log = world.Log(Rank);
        var before = log.Count;
        action();
        return log.Since(before);
    }

    /// <summary>The mesh as <c>data=2 × model=4, rank 3</c>.</summary>
    public override string ToString() => $"{world.Shape}, rank {Rank}";

    private MeshAxis AxisOf(string name, int[] ranks, int member)
    {
        var group = ranks.Length == 1 ? null : world.Join(name, ranks, member);
        return new MeshAxis(name, ranks.Length, member, group, Overlap);
    }
}
