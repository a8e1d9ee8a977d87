namespace TorchSharp;

public static partial class torch
{
    // What the wrappers share.
    public partial class Tensor
    {
        private Tensor InPlace(NativeOperator op, params ReadOnlySpan<Argument> arguments)
        {
            op.Apply(arguments);
            return this;
        }

        private Tensor Into(Tensor? result, NativeOperator fresh, NativeOperator into, long[] dims, bool keepdim)
        {
            if (result is null)
                return fresh.Call(this, dims, keepdim);
            into.Apply(this, dims, keepdim, result);
            return result;
        }

        private static Tensor Cast(Tensor result, ScalarType? type) =>
            type is { } t && t != result.dtype ? result.to_type(t, disposeAfter: true) : result;

        private static (Tensor, Tensor) Cast((Tensor, Tensor) results, ScalarType? type) => (Cast(results.Item1, type), Cast(results.Item2, type));

        private static string? Mode(RoundingMode mode) => mode switch
        {
            RoundingMode.None => null,
            RoundingMode.trunc => "trunc",
            RoundingMode.floor => "floor",
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "division rounds by trunc, floor or not at all"),
        };
    }

    /// <summary>How a division rounds.</summary>
    public enum RoundingMode
    {
        None = 0,
        trunc = 1,
        floor = 2,
    }
}
