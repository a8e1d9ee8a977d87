using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace GShard;

/// <summary>How a parameter's first values are drawn: a distribution and a key. Any box of the parameter can be drawn by itself.</summary>
internal sealed record InitialValues(InitialValues.Distribution Kind, double First, double Second, RandomKey Key)
{
    private static readonly ConditionalWeakTable<Tensor, InitialValues> Known = [];

    /// <summary>The distributions, and what <see cref="First"/> and <see cref="Second"/> are to each.</summary>
    internal enum Distribution
    {
        /// <summary>One value.</summary>
        Constant,

        /// <summary>From the first to the second.</summary>
        Uniform,

        /// <summary>Mean and standard deviation.</summary>
        Normal,

        /// <summary>Mean and standard deviation of a normal distribution that is cut off two deviations from the mean.</summary>
        TruncatedNormal,
    }

    /// <summary>The initial values of a tensor, or null for one that was made otherwise.</summary>
    public static InitialValues? Of(Tensor tensor) => Known.TryGetValue(tensor, out var values) ? values : null;

    /// <summary>Notes how a tensor's values are drawn, and draws them unless it has none of its own (<c>meta</c>).</summary>
    public void Attach(Tensor tensor)
    {
        Known.AddOrUpdate(tensor, this);
        if (tensor.device_type == TorchSharp.DeviceType.META) return;
        using var _ = no_grad();
        var shape = tensor.shape;
        if (tensor.device_type == TorchSharp.DeviceType.CPU && tensor.is_contiguous() && tensor.dtype == ScalarType.Float32 && Kind is Distribution.Normal or Distribution.Uniform)
        {
            if (Kind == Distribution.Normal) NormalBox.FillInto(tensor, Key, shape, new long[shape.Length], First, Second);
            else UniformBox.FillInto(tensor, Key, shape, new long[shape.Length], new UniformBox.Between(First, Second));
            return;
        }
        using var drawn = Draw(shape, shape, new long[shape.Length], tensor.dtype, tensor.device);
        tensor.copy_(drawn);
    }

    /// <summary>A box of the whole tensor: drawn on the host for any device, as the last bits of erfinv are a matter of the device.</summary>
    public Tensor Draw(long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device)
    {
        switch (Kind)
        {
            case Distribution.Constant: return full(localShape, First, dtype: dtype, device: device);
            case Distribution.Normal: return NormalBox.Fill(Key, localShape, globalShape, offsets, dtype, device, First, Second);
            default: return Draw(localShape, globalShape, offsets, dtype).to(device, disposeAfter: true);
        }
    }

    private Tensor Draw(long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype)
    {
        // Bits of bf16 are too few to draw in.
        if (Kind == Distribution.Uniform && dtype == ScalarType.Float32) return UniformBox.Fill(Key, localShape, globalShape, offsets, dtype, CPU, new UniformBox.Between(First, Second));
        var precise = dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var values = CounterRandom.Uniform(Key, localShape, globalShape, offsets, precise, CPU);
        if (Kind == Distribution.Uniform)
        {
            values.mul_(Second - First).add_(First);
        }
        else
        {
            // From the quantile of −2 to that of 2, through the inverse of the distribution.
            values.mul_(2 * WithinTwo).sub_(WithinTwo);
            using var uniform = values;
            values = uniform.erfinv();
            values.mul_(Math.Sqrt(2) * Second).add_(First);
            values.clamp_(First - (2 * Second), First + (2 * Second));
        }
        if (values.dtype == dtype) return values;
        using var wide = values;
        return wide.to_type(dtype);
    }

    /// <summary>The share of a normal distribution within two deviations: erf(√2).</summary>
    private const double WithinTwo = 0.954499736103642;
}
