using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Every collective over Gloo against the same over threads of one process, which are held against their definition elsewhere.</summary>
public class Processes_give_the_bits_of_threads
{
    private static readonly MeshOptions Ordered = new() { AllReduce = AllReduceOrder.Ordered };

    // The first fit into frames, of the last nothing does; the others are in between.
    public static TheoryData<int, ScalarType, long> Cases
    {
        get
        {
            var cases = new TheoryData<int, ScalarType, long>();
            foreach (var (size, rows) in ((int, long)[])[(2, 3), (3, 65), (4, 65), (4, 20000)])
                foreach (var dtype in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Bool])
                    cases.Add(size, dtype, rows);
            return cases;
        }
    }

    private static void Same(int size, Func<MeshAxis, IEnumerable<Tensor>> collectives)
    {
        var results = new Tensor[2][][];
        Run(0, body => DeviceMesh.RunInProcess([("a", size)], body));
        Run(1, body => ProcessThreads.Run([("a", size)], body, Ordered));
        for (var rank = 0; rank < size; rank++)
        {
            Assert.Equal(results[0][rank].Length, results[1][rank].Length);
            for (var i = 0; i < results[0][rank].Length; i++) Samples.Same(results[0][rank][i], results[1][rank][i]);
        }

        void Run(int which, Action<Action<DeviceMesh>> world)
        {
            results[which] = new Tensor[size][];
            world(mesh => results[which][mesh.Rank] = [.. collectives(mesh.Axis("a"))]);
        }
    }

    private static Tensor Input(MeshAxis axis, long[] shape, ScalarType dtype, int seed = 0) =>
        Noise(shape, dtype, (100 * seed) + axis.Rank);

    private static Tensor Noise(long[] shape, ScalarType dtype, int seed)
    {
        using var generator = new Generator((ulong)seed);
        if (dtype is ScalarType.Bool or ScalarType.Int64) return randint(0, 2, shape, generator: generator).to_type(dtype);
        return randn(shape, generator: generator).to_type(dtype);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reductions(int size, ScalarType dtype, long rows) => Same(size, axis => Reduce(axis, dtype, rows));

    private static IEnumerable<Tensor> Reduce(MeshAxis axis, ScalarType dtype, long rows)
    {
        var x = Input(axis, [rows, 37], dtype);
        yield return axis.AllReduce(x);
        yield return axis.AllReduceMax(x);
        yield return axis.AllReduceMin(x);
        foreach (var y in axis.AllReduce([x, Input(axis, [rows], ScalarType.Float32, 1), Input(axis, [3], dtype, 2)])) yield return y;
        yield return axis.ReduceScatter(x, 0);
        yield return axis.ReduceScatter(x, 1);
        foreach (var y in axis.ReduceScatter([(x, 0), (Input(axis, [5, rows], ScalarType.Float32, 3), 1), (Input(axis, [3], dtype, 4), 0)])) yield return y;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Moves(int size, ScalarType dtype, long rows) => Same(size, axis => Move(axis, dtype, rows));

    private static IEnumerable<Tensor> Move(MeshAxis axis, ScalarType dtype, long rows)
    {
        // Uneven parts, one of them empty.
        yield return axis.AllGather(Input(axis, [axis.Rank == 1 ? 0 : rows + axis.Rank, 37], dtype), 0);
        yield return axis.AllGather(Input(axis, [37, rows + axis.Rank], dtype), 1);
        yield return axis.AllGather(Input(axis, [rows, 37], dtype), 0);
        foreach (var y in axis.AllGather([(Input(axis, [rows + axis.Rank, 3], dtype), 0), (Input(axis, [2, 1 + axis.Rank], ScalarType.Float64, 1), 1)])) yield return y;
        var whole = rows * axis.Size - 1;
        yield return axis.AllToAll(Input(axis, [axis.ChunkSize(whole), 37], dtype), 1, 0);
        yield return axis.AllToAll(Input(axis, [37, axis.ChunkSize(whole)], dtype), 0, 1);
        yield return axis.Permute(Input(axis, [rows + axis.Rank, 5], dtype), [.. Enumerable.Range(0, axis.Size).Select(rank => (rank + 1) % axis.Size)]);
        yield return axis.Broadcast(Input(axis, [rows, 37], dtype), axis.Size - 1);
        yield return tensor(axis.GlobalSize(axis.ChunkSize(whole)));
        axis.Barrier();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Windows(int size, ScalarType dtype, long rows) => Same(size, axis => Slide(axis, dtype, rows));

    private static IEnumerable<Tensor> Slide(MeshAxis axis, ScalarType dtype, long rows)
    {
        var whole = (rows * axis.Size) - 1;
        var x = Input(axis, [5, axis.ChunkSize(whole), 7], dtype);
        foreach (var wrap in (bool[])[false, true])
        {
            var windows = axis.Window(x, 1, 1, -2, 5, whole, whole, wrap: wrap);
            yield return windows;
            yield return axis.WindowAdd(windows, 1, 1, -2, 5, whole, whole, wrap: wrap);
        }
    }

    [Fact]
    public void The_backend_s_own_sum_is_the_same_on_every_rank_and_close_to_the_ordered_one()
    {
        var (ordered, native) = (new Tensor[4], new Tensor[4]);
        ProcessThreads.Run([("a", 4)], mesh => ordered[mesh.Rank] = mesh.Axis("a").AllReduce(Input(mesh.Axis("a"), [3000, 7], ScalarType.Float32)), Ordered);
        ProcessThreads.Run([("a", 4)], mesh => native[mesh.Rank] = mesh.Axis("a").AllReduce(Input(mesh.Axis("a"), [3000, 7], ScalarType.Float32)), Ordered with { AllReduce = AllReduceOrder.Native });
        foreach (var other in native) Samples.Same(native[0], other);
        Assert.True(native[0].allclose(ordered[0], 1e-5, 1e-5));
    }

    [Fact]
    public void A_call_longer_than_a_frame_is_exchanged_after_it() => Same(2, axis =>
        axis.AllReduce([.. Enumerable.Range(0, 200).Select(i => Input(axis, [i, 2], ScalarType.Float32, i))]));

    [Fact]
    public void Axes_of_a_mesh_have_groups_of_their_own()
    {
        (string, int)[] axes = [("data", 2), ("model", 2)];
        var (threads, processes) = (new Tensor[4], new Tensor[4]);
        void Body(DeviceMesh mesh, Tensor[] results)
        {
            using var x = tensor(new[] { 1f + mesh.Rank, 10f * mesh.Rank });
            using var columns = mesh.Axis("model").AllGather(x, 0);
            using var sum = mesh.Axis("data").AllReduce(columns);
            using var elsewhere = mesh.Reordered(3, 1, 0, 2).Axis("model").AllGather(sum, 0);
            mesh.Barrier();
            results[mesh.Rank] = mesh.Permute(elsewhere, 1, 2, 3, 0);
        }
        DeviceMesh.RunInProcess(axes, mesh => Body(mesh, threads));
        ProcessThreads.Run(axes, mesh => Body(mesh, processes));
        for (var rank = 0; rank < 4; rank++) Samples.Same(threads[rank], processes[rank]);
    }
}
