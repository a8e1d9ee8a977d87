using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>
    /// Self-attention, attention to a memory and a feed-forward network, each added to its input and normalized after (Vaswani et al. 2017,
    /// section 3.1): [T, N, E] with a memory [S, N, E] to [T, N, E].
    /// </summary>
    public sealed class TransformerDecoderLayer : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>, nn.IModule<Tensor, Tensor, Tensor>
    {
        private readonly MultiheadAttention self_attn;
        private readonly MultiheadAttention multihead_attn;
        private readonly TransformerFeedForward _network;
        private readonly LayerNorm norm1;
        private readonly LayerNorm norm2;
        private readonly LayerNorm norm3;

        internal TransformerDecoderLayer(long d_model, long nhead, long dim_feedforward, double dropout, nn.Activations activation)
            : base(nameof(TransformerDecoderLayer))
        {
            Made = (d_model, nhead, dim_feedforward, dropout, activation);
            register_module(nameof(self_attn), self_attn = nn.MultiheadAttention(d_model, nhead, dropout));
            register_module(nameof(multihead_attn), multihead_attn = nn.MultiheadAttention(d_model, nhead, dropout));
            _network = new TransformerFeedForward(d_model, dim_feedforward, dropout, activation);
            _network.Register(this);
            register_module(nameof(norm1), norm1 = nn.LayerNorm(d_model));
            register_module(nameof(norm2), norm2 = nn.LayerNorm(d_model));
            register_module(nameof(norm3), norm3 = nn.LayerNorm(d_model));
        }

        internal (long Width, long Heads, long Hidden, double Dropout, nn.Activations Activation) Made { get; }

        public Tensor call(Tensor tgt, Tensor memory) => base.call(tgt, memory, null!, null!, null!, null!);

        /// <summary>The masks: of pairs [T, T] and [T, S], and of keys [N, T] and [N, S]; truth excludes, numbers are added.</summary>
        public new Tensor call(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null) =>
            base.call(tgt, memory, tgt_mask, memory_mask!, tgt_key_padding_mask!, memory_key_padding_mask!);

        public override Tensor forward(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor memory_mask, Tensor tgt_key_padding_mask, Tensor memory_key_padding_mask)
        {
            using var scope = NewDisposeScope();
            var attended = self_attn.call(tgt, tgt, tgt, tgt_key_padding_mask, need_weights: false, tgt_mask).Item1;
            var x = norm1.call(tgt + _network.Dropped(attended, training));
            attended = multihead_attn.call(x, memory, memory, memory_key_padding_mask, need_weights: false, memory_mask).Item1;
            x = norm2.call(x + _network.Dropped(attended, training));
            return norm3.call(x + _network.Dropped(_network.Forward(x, training), training)).MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static TransformerDecoderLayer TransformerDecoderLayer(long d_model = 512, long nhead = 8, long dim_feedforward = 2048, double dropout = 0.1, Activations activation = Activations.ReLU) =>
                new(d_model, nhead, dim_feedforward, dropout, activation);
        }
    }
}
