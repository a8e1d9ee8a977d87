using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <content>What windows over a split dimension look at.</content>
public sealed partial class MeshAxis
{
    /// <summary>
    /// What this rank's windows look at, halos included: positions are split by the chunk rule as the dimension is, and position m of
    /// <paramref name="count"/> looks at <paramref name="span"/> elements from <c>m · stride + start</c> on.
    /// </summary>
    /// <param name="x">This rank's chunk.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="stride">Elements from one position to the next; negative where positions run backwards.</param>
    /// <param name="start">The first element that position 0 looks at.</param>
    /// <param name="span">How many elements a position looks at.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="size">The dimension's whole size.</param>
    /// <param name="fill">What lies outside the dimension.</param>
    /// <param name="wrap">Whether the dimension is a ring: what lies beyond its end is its beginning.</param>
    /// <param name="granule">Positions are cut in whole multiples of it.</param>
    /// <param name="sizeGranule">The dimension is cut in whole multiples of it.</param>
    /// <returns>The elements in ascending order, in the dimension's place; none where the rank has no position.</returns>
    public Tensor Window(
        Tensor x, int dim, long stride, long start, long span, long count, long size, double fill = 0, bool wrap = false, long granule = 1, long sizeGranule = 1)
    {
        var d = Dim(x, dim);
        var window = new SlidingWindow(stride, start, span, count, size, wrap, Whole(granule, count), Whole(sizeGranule, size));
        if (x.shape[d] != ChunkSize(size, sizeGranule))
            throw new ArgumentException($"Rank {Rank} of '{Name}' looks at a chunk of {x.shape[d]} in dim {d}, but its chunk of {size} over {Size} ranks is {ChunkSize(size, sizeGranule)}.", nameof(x));
        if (window.IsIdentity(Size)) return Alias(x);
        if (Group is not null && !window.IsLocal(Size)) return Group.Window(x, d, window, fill);
        if (x.device_type != DeviceType.CPU) return WindowTensors.Collect(x, d, window, Size, Rank, fill);
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewWindows(operand, d, window, Size, Rank, fill);
        WindowMemory.Collect(Alone(operand), result, d, window, Rank);
        return result;
    }

    /// <summary>The adjoint of <see cref="Window"/>: all ranks' windows added into this rank's chunk; what lies outside the dimension is dropped.</summary>
    /// <param name="x">What this rank's windows give to each element that they look at.</param>
    /// <param name="dim">The dimension that is split.</param>
    /// <param name="stride">Elements from one position to the next; negative where positions run backwards.</param>
    /// <param name="start">The first element that position 0 looks at.</param>
    /// <param name="span">How many elements a position looks at.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="size">The dimension's whole size.</param>
    /// <param name="wrap">Whether the dimension is a ring: what lies beyond its end is its beginning.</param>
    /// <param name="granule">Positions are cut in whole multiples of it.</param>
    /// <param name="sizeGranule">The dimension is cut in whole multiples of it.</param>
    public Tensor WindowAdd(
        Tensor x, int dim, long stride, long start, long span, long count, long size, bool wrap = false, long granule = 1, long sizeGranule = 1)
    {
        var d = Dim(x, dim);
        var window = new SlidingWindow(stride, start, span, count, size, wrap, Whole(granule, count), Whole(sizeGranule, size));
        if (x.shape[d] != window.Length(Size, Rank))
            throw new ArgumentException($"Rank {Rank} of '{Name}' gives {x.shape[d]} elements in dim {d}, but its windows ({window}) look at {window.Length(Size, Rank)}.", nameof(x));
        if (window.IsIdentity(Size)) return Alias(x);
        if (x.dtype is ScalarType.BFloat16 or ScalarType.Float16)
        {
            // An element may be in the windows of several ranks: it is rounded once.
            using var wide = x.to_type(ScalarType.Float32);
            using var sum = WindowAdd(wide, dim, stride, start, span, count, size, wrap, granule, sizeGranule);
            return sum.to_type(x.dtype);
        }

        if (Group is not null && !window.IsLocal(Size)) return Group.WindowAdd(x, d, window);
        if (x.device_type != DeviceType.CPU) return WindowTensors.Add(x, d, window, Size, Rank);
        using var operand = new ContiguousOperand(x);
        var result = WindowMemory.NewChunk(operand, d, window, Size, Rank);
        WindowMemory.Add(Alone(operand), result, d, window, Rank);
        return result;
    }

    // What this rank shows to itself, where it needs nothing of the others.
    private CollectiveCall[] Alone(ContiguousOperand operand)
    {
        var calls = new CollectiveCall[Size];
        calls[Rank] = new CollectiveCall { Kind = CollectiveKind.Window, Dtype = operand.Dtype, Shape = operand.Shape, Input = operand.Pointer };
        return calls;
    }
}
