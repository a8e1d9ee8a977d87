using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>
    /// Attention with several heads (Vaswani et al. 2017, section 3.2.2): queries [L, N, E], keys [S, N, kdim], values [S, N, vdim] to
    /// [L, N, E] and, where asked for, the weights [N, L, S] averaged over the heads.
    /// </summary>
    public sealed class MultiheadAttention : nn.Module<Tensor, Tensor, Tensor, Tensor?, bool, Tensor?, Tuple<Tensor, Tensor>>
    {
        private readonly long _heads;
        private readonly long _width;
        private readonly double _dropout;
        private readonly bool _add_zero_attn;

        internal MultiheadAttention(long embedded_dim, long num_heads, double dropout, bool bias, bool add_bias_kv, bool add_zero_attn, long kdim, long vdim)
            : base(nameof(MultiheadAttention))
        {
            if (num_heads < 1 || embedded_dim % num_heads != 0)
                throw new ArgumentException($"A width of {embedded_dim} cannot be divided into {num_heads} heads.", nameof(num_heads));
            _heads = num_heads;
            _width = embedded_dim;
            _dropout = dropout;
            _add_zero_attn = add_zero_attn;

            // It draws before the others, as in PyTorch: equal seeds give equal parameters.
            var output = new Linear(embedded_dim, embedded_dim, bias, null, null);
            if (output.bias is { } shift) nn.init.zeros_(shift);

            // One stacked weight where all inputs are equally wide, as in a saved state of PyTorch.
            if (kdim == embedded_dim && vdim == embedded_dim) Add("in_proj_weight", 3 * embedded_dim, embedded_dim);
            else
            {
                Add("q_proj_weight", embedded_dim, embedded_dim);
                Add("k_proj_weight", embedded_dim, kdim);
                Add("v_proj_weight", embedded_dim, vdim);
            }

            if (bias) register_parameter("in_proj_bias", new Parameter(zeros(3 * embedded_dim)));
            register_module("out_proj", output);
            if (!add_bias_kv) return;
            register_parameter("bias_k", new Parameter(nn.init.xavier_normal_(empty(1, 1, embedded_dim))));
            register_parameter("bias_v", new Parameter(nn.init.xavier_normal_(empty(1, 1, embedded_dim))));
        }

        private void Add(string name, long rows, long columns) =>
            register_parameter(name, new Parameter(nn.init.xavier_uniform_(empty(rows, columns))));

        public new Tuple<Tensor, Tensor> call(Tensor query, Tensor key, Tensor value, Tensor? key_padding_mask = null, bool need_weights = true, Tensor? attn_mask = null) =>
            base.call(query, key, value, key_padding_mask, need_weights, attn_mask);

        public override Tuple<Tensor, Tensor> forward(Tensor query, Tensor key, Tensor value, Tensor? key_padding_mask, bool need_weights, Tensor? attn_mask)
        {
            using var scope = NewDisposeScope();
            var (length, batch) = (query.shape[0], query.shape[1]);
            var q = Heads(Project(query, 0, "q_proj_weight"), batch);
            var (k, v) = (Project(key, 1, "k_proj_weight"), Project(value, 2, "v_proj_weight"));
            var added = 0L;
            if (Registered("bias_k") is { } keyBias)
            {
                k = cat([k, keyBias.expand(1, batch, _width)]);
                v = cat([v, Registered("bias_v")!.expand(1, batch, _width)]);
                added++;
            }

            if (_add_zero_attn)
            {
                k = cat([k, k.new_zeros(1, batch, _width)]);
                v = cat([v, v.new_zeros(1, batch, _width)]);
                added++;
            }

            var scores = q.mul(1 / Math.Sqrt(_width / _heads)).matmul(Heads(k, batch).transpose(-2, -1));
            if (attn_mask is not null) scores = Excluding(scores, PerHead(attn_mask, batch), added);
            if (key_padding_mask is not null) scores = Excluding(scores, key_padding_mask.unsqueeze(1).unsqueeze(1), added);
            var weights = scores.softmax(-1);
            var mixed = nn.functional.dropout(weights, _dropout, training && _dropout > 0).matmul(Heads(v, batch));
            var joined = mixed.permute(2, 0, 1, 3).reshape(length, batch, _width);
            var output = ((Linear)_internal_submodules["out_proj"]).call(joined).MoveToOuterDisposeScope();
            return new(output, need_weights ? weights.mean([1]).MoveToOuterDisposeScope() : null!);
        }

        // [*, N, in] → [*, N, E]: the part of the stacked weight and bias, or the weight of this input.
        private Tensor Project(Tensor input, int part, string name)
        {
            var weight = Registered(name) as Tensor ?? Registered("in_proj_weight")!.narrow(0, part * _width, _width);
            return nn.functional.linear(input, weight, Registered("in_proj_bias")?.narrow(0, part * _width, _width));
        }

        // [L, N, E] → [N, heads, L, E/heads].
        private Tensor Heads(Tensor projected, long batch) => projected.reshape(-1, batch, _heads, _width / _heads).permute(1, 2, 0, 3);

        // [L, S] for all, or [N·heads, L, S].
        private Tensor PerHead(Tensor mask, long batch) => mask.dim() == 2 ? mask : mask.reshape(batch, _heads, mask.shape[1], mask.shape[2]);

        // Truth excludes; numbers are added. The keys that were added are open to all.
        private static Tensor Excluding(Tensor scores, Tensor mask, long added)
        {
            var wide = added > 0 ? nn.functional.pad(mask, (0, added)) : mask;
            return wide.dtype == ScalarType.Bool ? scores.masked_fill(wide, double.NegativeInfinity) : scores.add(wide);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static MultiheadAttention MultiheadAttention(long embedded_dim, long num_heads, double dropout = 0, bool bias = true, bool add_bias_kv = false, bool add_zero_attn = false, long? kdim = null, long? vdim = null) =>
                new(embedded_dim, num_heads, dropout, bias, add_bias_kv, add_zero_attn, kdim ?? embedded_dim, vdim ?? embedded_dim);
        }
    }
}
