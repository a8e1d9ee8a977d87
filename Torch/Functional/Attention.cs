namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly NativeOperator s_attention = new("aten::scaled_dot_product_attention");
            private static readonly Lazy<bool> s_hasAttention = new(() => s_attention.Exists);

            /// <summary>
            /// softmax(Q·Kᵀ/√E + mask)·V: [N, *, L, E], [N, *, S, E], [N, *, S, V] → [N, *, L, V]. A mask of truth values keeps where true;
            /// a mask of numbers is added.
            /// </summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0, bool is_casual = false)
            {
                if (is_casual && attn_mask is not null)
                    throw new ArgumentException("A causal attention makes its own mask: give attn_mask or is_casual, not both.", nameof(attn_mask));
                // libtorch has it from 2.0; before, it is composed.
                if (s_hasAttention.Value) return s_attention.Call(query, key, value, attn_mask, p, is_casual);

                using var scaled = query.mul(1 / Math.Sqrt(query.shape[^1]));
                using var transposed = key.transpose(-2, -1);
                using var scores = scaled.matmul(transposed);
                using var masked = Masked(scores, attn_mask, is_casual);
                using var weights = softmax(masked, -1);
                using var kept = p > 0 ? dropout(weights, p) : null;
                return (kept ?? weights).matmul(value);
            }

            private static Tensor Masked(Tensor scores, Tensor? mask, bool causal)
            {
                if (causal)
                {
                    using var square = ones(scores.shape[^2], scores.shape[^1], dtype: ScalarType.Bool, device: scores.device);
                    using var later = square.triu(1);
                    return scores.masked_fill(later, double.NegativeInfinity);
                }

                if (mask is null) return scores.alias();
                if (mask.dtype != ScalarType.Bool) return scores.add(mask);
                using var excluded = mask.logical_not();
                return scores.masked_fill(excluded, double.NegativeInfinity);
            }
        }
    }
}
