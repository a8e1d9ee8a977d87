using static TorchSharp.torch;

namespace GShard.RankProgram;

/// <summary>
/// Calls every collective of an axis and compares each result with its definition, which a rank makes of all ranks' operands: it knows them.
/// Whole numbers small enough have the same sum in any order and any type; others are added in rank order, where the program asks for that.
/// </summary>
internal sealed class EveryCollective(MeshAxis axis, bool isOrdered)
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8,
        ScalarType.Byte, ScalarType.Bool,
    ];

    private int compared;

    private int[] Ranks => [.. Enumerable.Range(0, axis.Size)];

    /// <summary>The number of results that were as they must be.</summary>
    public int Run()
    {
        using var withoutGraph = no_grad();
        foreach (var type in Types)
            foreach (var rows in (long[])[1, axis.Size * 3, 65])
            {
                using var scope = NewDisposeScope();
                Reduce(type, rows);
                Move(type, rows);
                Slide(type, rows);
            }
        using (NewDisposeScope())
        {
            Started();
            NotANumber();
            Scattered();
        }
        axis.Barrier();
        return compared;
    }

    private void Reduce(ScalarType type, long rows)
    {
        Tensor[] all = [.. Ranks.Select(rank => Operand(rank, [rows, 37], type))];
        Tensor[] small = [.. Ranks.Select(rank => Operand(rank, [5, 3], ScalarType.Float64, 1))];
        var x = all[axis.Rank];
        Same("all-reduce", axis.AllReduce(x), Sum(all));
        Same("maximum", axis.AllReduceMax(x), Fold(all, maximum));
        Same("minimum", axis.AllReduceMin(x), Fold(all, minimum));
        var several = axis.AllReduce([x, small[axis.Rank], x.narrow(0, 0, 1)]);
        Same("all-reduce of several", several[0], Sum(all));
        Same("all-reduce of several", several[1], Sum(small));
        Same("all-reduce of several", several[2], Sum(all).narrow(0, 0, 1));
        for (var dim = 0; dim < 2; dim++) Same("reduce-scatter", axis.ReduceScatter(x, dim), Mine(Sum(all), dim));
        var scattered = axis.ReduceScatter([(x, 1), (small[axis.Rank], 0)]);
        Same("reduce-scatter of several", scattered[0], Mine(Sum(all), 1));
        Same("reduce-scatter of several", scattered[1], Mine(Sum(small), 0));
    }

    private void Move(ScalarType type, long rows)
    {
        // Uneven parts, one of them empty; then even ones.
        Tensor[] uneven = [.. Ranks.Select(rank => Operand(rank, [rank == 1 ? 0 : rows + rank, 7], type))];
        Tensor[] even = [.. Ranks.Select(rank => Operand(rank, [rows, 7], type, 1))];
        Same("all-gather", axis.AllGather(uneven[axis.Rank], 0), cat(uneven, 0));
        Same("all-gather", axis.AllGather(uneven[axis.Rank].t(), 1), cat(uneven, 0).t());
        Same("all-gather", axis.AllGather(even[axis.Rank], 0), cat(even, 0));
        Same("all-gather", axis.AllGather(even[axis.Rank], 1), cat(even, 1));
        var gathered = axis.AllGather([(uneven[axis.Rank], 0), (even[axis.Rank], 1)]);
        Same("all-gather of several", gathered[0], cat(uneven, 0));
        Same("all-gather of several", gathered[1], cat(even, 1));

        foreach (var whole in (long[])[rows * axis.Size, (rows * axis.Size) - 1])
        {
            var global = Operand(0, [whole, 37], type, 2);
            Same("all-to-all", axis.AllToAll(Mine(global, 0), 1, 0), Mine(global, 1));
            Same("all-to-all", axis.AllToAll(Mine(global, 1), 0, 1), Mine(global, 0));
            if (axis.GlobalSize(axis.ChunkSize(whole)) != whole) throw new InvalidOperationException($"the global size is not {whole}");
        }

        int[] destinations = [.. Ranks.Select(rank => (rank + 1) % axis.Size)];
        Same("permute", axis.Permute(uneven[axis.Rank], destinations), uneven[(axis.Rank + axis.Size - 1) % axis.Size]);
        Same("permute in place", axis.Permute(even[axis.Rank], Ranks), even[axis.Rank]);
        foreach (var source in Ranks) Same("broadcast", axis.Broadcast(even[axis.Rank], source), even[source]);
    }

    private void Slide(ScalarType type, long rows)
    {
        var whole = (rows * axis.Size) + 1;
        var global = Operand(0, [2, whole, 3], type, 3);
        foreach (var wrap in (bool[])[false, true])
        {
            Same("window", axis.Window(Mine(global, 1), 1, 1, -2, 5, whole, whole, wrap: wrap), Looked(global, axis.Rank, wrap));
            var sum = zeros_like(global);
            foreach (var rank in Ranks)
            {
                var (from, elements) = (From(whole, rank), Looked(global, rank, wrap));
                for (var i = 0L; i < elements.shape[1]; i++)
                    if (Place(from + i, whole, wrap) is { } place) sum.select(1, place).add_(elements.select(1, i));
            }
            Same("window-add", axis.WindowAdd(Looked(global, axis.Rank, wrap), 1, 1, -2, 5, whole, whole, wrap: wrap), Mine(sum, 1));
        }
    }

    // Collectives that go on beside the program come out as they were started.
    private void Started()
    {
        Tensor[] all = [.. Ranks.Select(rank => Operand(rank, [300, 5], ScalarType.Float32))];
        var first = axis.StartAllReduce(all[axis.Rank]);
        var second = axis.StartAllGather(all[axis.Rank], 0);
        var third = axis.StartReduceScatter(all[axis.Rank], 0);
        var fourth = axis.StartAllToAll(Mine(cat(all, 0), 0), 1, 0);
        Same("started all-to-all", fourth.Wait(), Mine(cat(all, 0), 1));
        Same("started reduce-scatter", third.Wait(), Mine(Sum(all), 0));
        Same("started all-gather", second.Wait(), cat(all, 0));
        Same("started all-reduce", first.Wait(), Sum(all));
    }

    private void NotANumber()
    {
        Tensor[] all = [.. Ranks.Select(rank => tensor([rank == 1 ? float.NaN : rank, rank == 0 ? float.NaN : -rank, rank]))];
        Same("maximum with NaN", axis.AllReduceMax(all[axis.Rank]), Fold(all, maximum));
        Same("minimum with NaN", axis.AllReduceMin(all[axis.Rank]), Fold(all, minimum));
    }

    // Numbers whose sum depends on the order.
    private void Scattered()
    {
        if (!isOrdered) return;
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16])
        {
            Tensor[] all = [.. Ranks.Select(rank => Noise(rank, type))];
            Same("ordered all-reduce", axis.AllReduce(all[axis.Rank]), Sum(all));
            Same("ordered reduce-scatter", axis.ReduceScatter(all[axis.Rank], 1), Mine(Sum(all), 1));
        }
    }

    private static Tensor Noise(int rank, ScalarType type)
    {
        using var generator = new Generator((ulong)rank + 77);
        return randn([129, 37], generator: generator).to_type(type);
    }

    // A tensor that every rank knows.
    private static Tensor Operand(int rank, long[] shape, ScalarType type, int seed = 0)
    {
        using var generator = new Generator((ulong)((100 * seed) + rank));
        return randint(0, type == ScalarType.Bool ? 2 : 8, shape, generator: generator).to_type(type);
    }

    private Tensor Mine(Tensor whole, int dim)
    {
        var offset = Offset(whole.shape[dim], axis.Rank);
        return whole.narrow(dim, offset, axis.ChunkSize(whole.shape[dim])).contiguous();
    }

    // bf16 and f16 are added in f32 and rounded once; of truth values a disjunction.
    private static Tensor Sum(Tensor[] all) => all[0].dtype switch
    {
        ScalarType.Bool => Fold(all, (a, b) => a.logical_or(b)),
        ScalarType.BFloat16 or ScalarType.Float16 => Fold([.. all.Select(x => x.to_type(ScalarType.Float32))], (a, b) => a + b).to_type(all[0].dtype),
        _ => Fold(all, (a, b) => a + b),
    };

    private static Tensor Fold(Tensor[] all, Func<Tensor, Tensor, Tensor> next) => all.Aggregate(next);

    private long From(long whole, int rank) => Offset(whole, rank) - 2;

    // The chunk rule: equal chunks, the last ones shorter.
    private long Offset(long whole, int rank) => Math.Min(rank * ((whole + axis.Size - 1) / axis.Size), whole);

    /// <summary>The elements that a rank's windows look at: two before its own and two after.</summary>
    private Tensor Looked(Tensor global, int rank, bool wrap)
    {
        var whole = global.shape[1];
        var positions = Offset(whole, rank + 1) - Offset(whole, rank);
        if (positions == 0) return empty([2, 0, 3], global.dtype);
        var from = From(whole, rank);
        Tensor[] elements = [.. Enumerable.Range(0, (int)positions + 4).Select(i => Place(from + i, whole, wrap) is { } place ? global.select(1, place) : zeros([2, 3], global.dtype))];
        return stack(elements, 1);
    }

    private static long? Place(long element, long whole, bool wrap) =>
        wrap ? ((element % whole) + whole) % whole : element >= 0 && element < whole ? element : null;

    private void Same(string what, Tensor actual, Tensor expected)
    {
        var isSame = actual.dtype == expected.dtype && actual.shape.AsSpan().SequenceEqual(expected.shape)
            && actual.eq(expected).logical_or(actual.ne(actual).logical_and(expected.ne(expected))).all().item<bool>();
        if (!isSame) throw new InvalidOperationException($"{what} of {expected.dtype} [{string.Join(", ", expected.shape)}] gives {actual.dtype} [{string.Join(", ", actual.shape)}]: {actual} is not {expected}");
        compared++;
    }
}
