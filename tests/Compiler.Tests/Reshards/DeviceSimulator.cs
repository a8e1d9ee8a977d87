using GShard.Compiler.Reshards;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Reshards;

/// <summary>
/// Runs reshard steps on all devices of a small mesh by the definition of each collective. A device holds a block of numbered elements;
/// with each element it holds which of the source's partial contributions it has, as bits.
/// </summary>
internal sealed class DeviceSimulator
{
    private readonly (string Name, int Size)[] axes;
    private readonly int[] shape;
    private readonly TensorSharding source;
    private Block[] blocks;

    public DeviceSimulator((string Name, int Size)[] axes, int[] shape, TensorSharding source)
    {
        (this.axes, this.shape, this.source) = (axes, shape, source);
        blocks = Layout(source);
    }

    public int Devices => axes.Aggregate(1, (product, a) => product * a.Size);

    /// <summary>What every device holds, as text.</summary>
    public IEnumerable<string> Held => blocks.Select(b => b.ToString());

    /// <summary>What every device must hold in a layout, as text.</summary>
    public IEnumerable<string> Expected(TensorSharding sharding) => Layout(sharding).Select(b => b.ToString());

    public void Run(ReshardStep step)
    {
        blocks = step switch
        {
            ReshardStep.Slice slice => PerDevice(device => blocks[device].Chunks(slice.Dim, slice.Axes, Sizes(slice.Axes))[Coordinate(device, slice.Axes)]),
            ReshardStep.AllGather gather => PerDevice(device => Block.Concatenate(gather.Dim, Group(device, gather.Axes).Select(d => blocks[d]))),
            ReshardStep.AllToAll move => PerDevice(device => Block.Concatenate(
                move.FromDim,
                Group(device, move.Axes).Select(d => blocks[d].Chunks(move.ToDim, move.Axes, Sizes(move.Axes))[Coordinate(device, move.Axes)]))),
            ReshardStep.AllReduce reduce => PerDevice(device => Block.Sum(Group(device, reduce.Axes).Select(d => blocks[d]))),
            ReshardStep.ReduceScatter scatter => PerDevice(device => Block.Sum(Group(device, scatter.Axes).Select(d => blocks[d]))
                .Chunks(scatter.Dim, scatter.Axes, Sizes(scatter.Axes))[Coordinate(device, scatter.Axes)]),
            ReshardStep.CollectivePermute permute => Permuted(permute),
            _ => throw new NotSupportedException(step.ToString()),
        };
    }

    /// <summary>Every device sends its block to exactly one: what is held is a permutation of what was.</summary>
    private Block[] Permuted(ReshardStep.CollectivePermute permute)
    {
        var after = Layout(permute.Result);
        Assert.Equal(Held.Order(StringComparer.Ordinal), after.Select(b => b.ToString()).Order(StringComparer.Ordinal));
        return after;
    }

    private Block[] PerDevice(Func<int, Block> block) => [.. Enumerable.Range(0, Devices).Select(block)];

    private Block[] Layout(TensorSharding sharding) => PerDevice(device =>
    {
        var contributions = 0;
        var kept = sharding.Partial.Select(p => p.Axis).ToList();
        for (var other = 0; other < Devices; other++)
            if (kept.All(a => Coordinate(other, [a]) == Coordinate(device, [a])))
                contributions |= 1 << Coordinate(other, [.. source.Partial.Select(p => p.Axis)]);
        var block = Block.Whole(shape, contributions);
        for (var dim = 0; dim < shape.Length; dim++)
            foreach (var axis in sharding.Dims[dim].Axes)
                block = block.Chunks(dim, [axis], Sizes([axis]))[Coordinate(device, [axis])];
        return block;
    });

    private int[] Sizes(IReadOnlyCollection<AxisRef> list) => [.. list.Select(a => a.IsSubAxis ? (int)a.Size : SizeOf(a.Name))];

    private int SizeOf(string name) => axes.Single(a => a.Name == name).Size;

    /// <summary>A device's position along axes together, the first axis major.</summary>
    private int Coordinate(int device, IReadOnlyCollection<AxisRef> list)
    {
        var position = 0;
        foreach (var axis in list)
        {
            var stride = axes.SkipWhile(a => a.Name != axis.Name).Skip(1).Aggregate(1, (product, a) => product * a.Size);
            var on = device / stride % SizeOf(axis.Name);
            position = axis.IsSubAxis
                ? position * (int)axis.Size + on / (int)(SizeOf(axis.Name) / (axis.PreSize * axis.Size)) % (int)axis.Size
                : position * SizeOf(axis.Name) + on;
        }

        return position;
    }

    /// <summary>The devices that differ from one only along axes, in order of their position there.</summary>
    private IEnumerable<int> Group(int device, IReadOnlyCollection<AxisRef> list)
    {
        var others = Rest(device);
        return Enumerable.Range(0, Devices).Where(d => Rest(d) == others).OrderBy(d => Coordinate(d, list));

        string Rest(int of) => string.Join(",", axes.SelectMany(a => Digits(a.Name, of)));

        IEnumerable<int> Digits(string name, int of)
        {
            var cuts = list.Where(a => a.Name == name).SelectMany(a => a.IsSubAxis ? new[] { (int)a.PreSize, (int)(a.PreSize * a.Size) } : [1, SizeOf(name)])
                .Append(1).Append(SizeOf(name)).Distinct().Order().ToList();
            for (var i = 1; i < cuts.Count; i++)
            {
                var part = new AxisRef(name, cuts[i - 1], cuts[i] / cuts[i - 1]);
                if (list.Any(a => a.Name == name && (!a.IsSubAxis || (a.PreSize <= part.PreSize && part.PreSize < a.PreSize * a.Size)))) continue;
                yield return Coordinate(of, [part]);
            }
        }
    }
}
