namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_pad = new("aten::pad");

            /// <summary>Pairs (before, after) from the last dim backwards: [left, right, top, bottom, …].</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Constant => s_pad.Call(input, pad, "constant", value),
                PaddingModes.Zeros => s_pad.Call(input, pad, "constant", 0.0),
                PaddingModes.Reflect => s_pad.Call(input, pad, "reflect"),
                PaddingModes.Replicate => s_pad.Call(input, pad, "replicate"),
                PaddingModes.Circular => s_pad.Call(input, pad, "circular"),
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such padding mode."),
            };

            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, pad.ToArray(), mode, value);

            public static Tensor pad(Tensor input, long pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad, pad], mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, Both(pad), mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);
        }
    }
}
