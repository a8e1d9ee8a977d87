namespace GShard.Compiler.Tests.Evaluation;

/// <summary>A dense row-major array of doubles; whole numbers and truth values are doubles too. Plain on purpose: it is the oracle.</summary>
internal sealed class NdArray
{
    public NdArray(IEnumerable<long> shape, double[] data)
    {
        Shape = [.. shape];
        Data = data;
        if (Shape.Aggregate(1L, (a, b) => a * b) != data.Length)
            throw new ArgumentException($"[{string.Join(", ", Shape)}] does not hold {data.Length} elements.");
    }

    public long[] Shape { get; }

    public double[] Data { get; }

    public int Rank => Shape.Length;

    public double this[params long[] index]
    {
        get => Data[Flat(index)];
        set => Data[Flat(index)] = value;
    }

    public static NdArray Scalar(double value) => new([], [value]);

    public static NdArray Zeros(IEnumerable<long> shape)
    {
        long[] sizes = [.. shape];
        return new(sizes, new double[sizes.Aggregate(1L, (a, b) => a * b)]);
    }

    /// <summary>An array whose elements are a function of their index.</summary>
    public static NdArray Fill(IEnumerable<long> shape, Func<long[], double> value)
    {
        var result = Zeros(shape);
        foreach (var index in Indices(result.Shape)) result[index] = value(index);
        return result;
    }

    /// <summary>All indices of a shape in row-major order; each a fresh array.</summary>
    public static IEnumerable<long[]> Indices(long[] shape)
    {
        var count = shape.Aggregate(1L, (a, b) => a * b);
        for (long flat = 0; flat < count; flat++)
        {
            var index = new long[shape.Length];
            var rest = flat;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                index[d] = rest % shape[d];
                rest /= shape[d];
            }

            yield return index;
        }
    }

    public NdArray Map(Func<double, double> f) => new(Shape, [.. Data.Select(f)]);

    /// <summary>The element at an index of a shape that this array broadcasts to: dims aligned from the right, those of size 1 repeated.</summary>
    public double Broadcast(long[] index)
    {
        var own = new long[Rank];
        for (var d = 0; d < Rank; d++) own[d] = Shape[d] == 1 ? 0 : index[index.Length - Rank + d];
        return this[own];
    }

    /// <summary>The shape that several broadcast to.</summary>
    public static long[] BroadcastShape(params NdArray[] arrays)
    {
        var rank = arrays.Max(a => a.Rank);
        var shape = Enumerable.Repeat(1L, rank).ToArray();
        foreach (var a in arrays)
        {
            for (var d = 0; d < a.Rank; d++)
            {
                var at = rank - a.Rank + d;
                if (a.Shape[d] == 1) continue;
                shape[at] = shape[at] == 1 || shape[at] == a.Shape[d]
                    ? a.Shape[d]
                    : throw new ArgumentException($"shapes [{string.Join("] and [", arrays.Select(x => string.Join(", ", x.Shape)))}] do not broadcast.");
            }
        }

        return shape;
    }

    /// <summary>The part of a dim from start.</summary>
    public NdArray Narrow(int dim, long start, long length)
    {
        var shape = Shape.ToArray();
        shape[dim] = length;
        return Fill(shape, index => this[With(index, dim, index[dim] + start)]);
    }

    /// <summary>Arrays one after the other along a dim.</summary>
    public static NdArray Concat(IReadOnlyList<NdArray> parts, int dim)
    {
        var shape = parts[0].Shape.ToArray();
        shape[dim] = parts.Sum(p => p.Shape[dim]);
        return Fill(shape, index =>
        {
            var at = index[dim];
            foreach (var part in parts)
            {
                if (at < part.Shape[dim]) return part[With(index, dim, at)];
                at -= part.Shape[dim];
            }

            throw new InvalidOperationException("the index is past the last part.");
        });
    }

    /// <summary>An index with one component replaced.</summary>
    public static long[] With(long[] index, int dim, long value)
    {
        var result = (long[])index.Clone();
        result[dim] = value;
        return result;
    }

    public override string ToString() => $"[{string.Join(", ", Shape)}] {{{string.Join(" ", Data.Take(12).Select(v => v.ToString("G5")))}{(Data.Length > 12 ? " …" : "")}}}";

    private long Flat(long[] index)
    {
        if (index.Length != Rank) throw new ArgumentException($"an index of {index.Length} components into [{string.Join(", ", Shape)}].");
        long flat = 0;
        for (var d = 0; d < Rank; d++)
        {
            if (index[d] < 0 || index[d] >= Shape[d]) throw new ArgumentOutOfRangeException(nameof(index), $"index [{string.Join(", ", index)}] is outside [{string.Join(", ", Shape)}].");
            flat = flat * Shape[d] + index[d];
        }

        return flat;
    }
}
