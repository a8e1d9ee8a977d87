namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly FunctionalOperator s_dropout = new("dropout");
            private static readonly FunctionalOperator s_featureDropout = new("feature_dropout");

            /// <summary>Zeroes elements with probability <paramref name="p"/> and scales the others by 1/(1 − p).</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                s_dropout.Call(inplace, input, p, training);

            /// <summary>Zeroes whole channels: [N, C, L].</summary>
            public static Tensor dropout1d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                ChannelDropout(input, 1, p, training, inplace);

            /// <summary>Zeroes whole channels: [N, C, H, W].</summary>
            public static Tensor dropout2d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                ChannelDropout(input, 2, p, training, inplace);

            /// <summary>Zeroes whole channels: [N, C, D, H, W].</summary>
            public static Tensor dropout3d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                ChannelDropout(input, 3, p, training, inplace);

            // The operator takes the first two dims for batch and channels, so an input without batch gets one.
            private static Tensor ChannelDropout(Tensor input, int spatial, double p, bool training, bool inplace)
            {
                if (input.dim() != spatial + 1) return s_featureDropout.Call(inplace, input, p, training);
                using var batched = input.unsqueeze(0);
                using var dropped = s_featureDropout.Call(inplace, batched, p, training);
                return dropped.squeeze(0);
            }
        }
    }
}
