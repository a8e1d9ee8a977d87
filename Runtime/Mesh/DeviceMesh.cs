using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The ranks of a program, arranged along named axes in row-major order (the last axis varies fastest), seen from one of them.
/// </summary>
public sealed class DeviceMesh : IDisposable
{
    private readonly InProcessWorld world;
    private readonly MeshAxis[] axes;

    internal DeviceMesh(InProcessWorld world, int rank)
    {
        this.world = world;
        Rank = rank;
        var shape = world.Shape;
        axes = new MeshAxis[shape.Axes.Count];
        for (var i = 0; i < axes.Length; i++)
        {
            axes[i] = AxisOf(shape.Axes[i].Name, shape.Peers(rank, i), shape.Coordinate(rank, i));
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

    /// <summary>Waits for every rank of the mesh.</summary>
    public void Barrier() => Everyone.Barrier();

    /// <summary>Nothing to free on threads of one process: the group of ranks ends with the last of them.</summary>
    public void Dispose()
    {
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
        var group = ranks.Length == 1 ? null : new InProcessGroup(world.Group(name, ranks), ranks.Length, member);
        return new MeshAxis(name, ranks.Length, member, group);
    }
}
