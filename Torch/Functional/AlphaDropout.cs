namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly FunctionalOperator s_alphaDropout = new("alpha_dropout");
            private static readonly FunctionalOperator s_featureAlphaDropout = new("feature_alpha_dropout");

            /// <summary>Sets elements to the least value of a SELU with probability <paramref name="p"/>, and keeps mean 0 and variance 1.</summary>
            public static Tensor alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                s_alphaDropout.Call(inplace, input, p, training);

            /// <summary>An alpha dropout of whole channels of [N, C, …].</summary>
            public static Tensor feature_alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                s_featureAlphaDropout.Call(inplace, input, p, training);
        }
    }
}
