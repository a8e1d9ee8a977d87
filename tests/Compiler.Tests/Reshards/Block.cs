using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Reshards;

/// <summary>A device's block of a tensor: numbered elements in row-major order, each with the partial contributions it holds as bits.</summary>
internal sealed class Block(int[] shape, (int Element, int Contributions)[] data)
{
    private int[] Shape => shape;

    private (int Element, int Contributions)[] Data => data;

    public static Block Whole(int[] shape, int contributions) =>
        new(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(i => (i, contributions))]);

    /// <summary>The chunks of a dim over axes, major first, each level by torch's rule: <c>ceil(n/W)</c> each, the last ones shorter or empty.</summary>
    public Block[] Chunks(int dim, IReadOnlyCollection<AxisRef> axes, int[] sizes)
    {
        Assert.Equal(axes.Count, sizes.Length);
        IEnumerable<Block> chunks = [this];
        foreach (var size in sizes)
            chunks = chunks.SelectMany(block =>
            {
                var (n, each) = (block.Shape[dim], (block.Shape[dim] + size - 1) / size);
                return Enumerable.Range(0, size).Select(i => block.Range(dim, Math.Min(n, i * each), Math.Min(n, (i + 1) * each)));
            });
        return [.. chunks];
    }

    public static Block Concatenate(int dim, IEnumerable<Block> parts)
    {
        var all = parts.ToList();
        int[] shape = [.. all[0].Shape];
        shape[dim] = all.Sum(p => p.Shape[dim]);
        var outer = shape.Take(dim).Aggregate(1, (a, b) => a * b);
        var inner = shape.Skip(dim + 1).Aggregate(1, (a, b) => a * b);
        return new(shape, [.. Enumerable.Range(0, outer).SelectMany(o => all.SelectMany(p => p.Data.Skip(o * p.Shape[dim] * inner).Take(p.Shape[dim] * inner)))]);
    }

    /// <summary>Adds up blocks of the same elements; no contribution may count twice.</summary>
    public static Block Sum(IEnumerable<Block> parts)
    {
        var all = parts.ToList();
        return new(all[0].Shape, [.. Enumerable.Range(0, all[0].Data.Length).Select(i => all.Select(p => p.Data[i]).Aggregate((a, b) =>
        {
            Assert.Equal(a.Element, b.Element);
            Assert.Equal(0, a.Contributions & b.Contributions);
            return (a.Element, a.Contributions | b.Contributions);
        }))]);
    }

    public override string ToString() => string.Join("x", shape) + ":" + string.Join(" ", data.Select(d => $"{d.Element}/{d.Contributions:x}"));

    private Block Range(int dim, int begin, int end)
    {
        int[] part = [.. shape];
        part[dim] = end - begin;
        var outer = shape.Take(dim).Aggregate(1, (a, b) => a * b);
        var inner = shape.Skip(dim + 1).Aggregate(1, (a, b) => a * b);
        return new(part, [.. Enumerable.Range(0, outer).SelectMany(o => data.Skip((o * shape[dim] + begin) * inner).Take((end - begin) * inner))]);
    }
}
