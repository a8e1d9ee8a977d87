using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>
    /// Self-attention and a feed-forward network, each added to its input and normalized after (Vaswani et al. 2017, section 3.1): [S, N, E] to [S, N, E].
    /// </summary>
    public sealed class TransformerEncoderLayer : nn.Module<Tensor, Tensor>, nn.IModule<Tensor, Tensor, Tensor>, nn.IModule<Tensor, Tensor, Tensor, Tensor>
    {
        private readonly MultiheadAttention self_attn;
        private readonly TransformerFeedForward _network;
        private readonly LayerNorm norm1;
        private readonly LayerNorm norm2;

        internal TransformerEncoderLayer(long d_model, long nhead, long dim_feedforward, double dropout, nn.Activations activation)
            : base(nameof(TransformerEncoderLayer))
        {
            Made = (d_model, nhead, dim_feedforward, dropout, activation);
            register_module(nameof(self_attn), self_attn = nn.MultiheadAttention(d_model, nhead, dropout));
            _network = new TransformerFeedForward(d_model, dim_feedforward, dropout, activation);
            _network.Register(this);
            register_module(nameof(norm1), norm1 = nn.LayerNorm(d_model));
            register_module(nameof(norm2), norm2 = nn.LayerNorm(d_model));
        }

        internal (long Width, long Heads, long Hidden, double Dropout, nn.Activations Activation) Made { get; }

        public Tensor call(Tensor src, Tensor src_mask) => call(src, src_mask, null!);

        /// <summary>The masks: of pairs [S, S], and of keys [N, S]; truth excludes, numbers are added.</summary>
        public Tensor call(Tensor src, Tensor src_mask, Tensor src_key_padding_mask) => Forward(src, src_mask, src_key_padding_mask);

        public override Tensor forward(Tensor src) => Forward(src, null, null);

        internal Tensor Forward(Tensor src, Tensor? mask, Tensor? padding)
        {
            using var scope = NewDisposeScope();
            var attended = self_attn.call(src, src, src, padding, need_weights: false, mask).Item1;
            var x = norm1.call(src + _network.Dropped(attended, training));
            return norm2.call(x + _network.Dropped(_network.Forward(x, training), training)).MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public enum Activations
            {
                ReLU = 0,
                GELU = 1,
            }

            public static TransformerEncoderLayer TransformerEncoderLayer(long d_model = 512, long nhead = 8, long dim_feedforward = 2048, double dropout = 0.1, Activations activation = Activations.ReLU) =>
                new(d_model, nhead, dim_feedforward, dropout, activation);
        }
    }
}
