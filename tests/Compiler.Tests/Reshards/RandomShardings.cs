using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Reshards;

/// <summary>Shardings drawn from a seed.</summary>
internal sealed class RandomShardings((string Name, int Size)[] axes, int rank, int seed)
{
    private readonly Random random = new(seed);

    /// <summary>Every axis on a random dim, partial with <paramref name="partialShare"/>, cut into two sub-axes now and then, or unused.</summary>
    public TensorSharding Next(bool subAxes = false, double partialShare = 0)
    {
        var dims = Enumerable.Range(0, rank).Select(_ => new List<AxisRef>()).ToArray();
        var partial = new List<PartialAxis>();
        foreach (var (name, size) in axes.OrderBy(_ => random.Next()))
        {
            if (random.NextDouble() < partialShare)
            {
                partial.Add(new(new(name), random.Next(4) == 0 ? Reduction.Max : Reduction.Sum));
                continue;
            }

            AxisRef[] parts = subAxes && size == 4 && random.Next(3) == 0 ? [new(name, 1, 2), new(name, 2, 2)] : [new(name)];
            foreach (var part in parts.OrderBy(_ => random.Next()))
                if (random.Next(rank + 1) is var dim && dim < rank) dims[dim].Add(part);
        }

        return new([.. dims.Select(d => new DimSharding(Join(d), false))], [], [.. partial.OrderBy(p => p.Axis.Name, StringComparer.Ordinal)]);
    }

    /// <summary>The two halves of an axis side by side are the axis.</summary>
    private static ImmutableArray<AxisRef> Join(List<AxisRef> dim)
    {
        for (var i = 1; i < dim.Count; i++)
            if (dim[i - 1].Name == dim[i].Name && dim[i - 1].PreSize == 1)
            {
                dim[i - 1] = new(dim[i].Name);
                dim.RemoveAt(i);
            }

        return [.. dim];
    }
}
