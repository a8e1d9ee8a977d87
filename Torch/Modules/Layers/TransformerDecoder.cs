using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Decoder layers in a row, which begin as copies of one: [T, N, E] with a memory [S, N, E] to [T, N, E].</summary>
    public sealed class TransformerDecoder : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>
    {
        private readonly ModuleList<TransformerDecoderLayer> layers = [];

        internal TransformerDecoder(TransformerDecoderLayer decoder_layer, long num_layers)
            : base(nameof(TransformerDecoder))
        {
            var (width, heads, hidden, dropout, activation) = decoder_layer.Made;
            for (var i = 0; i < num_layers; i++)
            {
                var layer = new TransformerDecoderLayer(width, heads, hidden, dropout, activation);
                layer.load_state_dict(decoder_layer.state_dict());
                layers.Add(layer);
            }

            register_module(nameof(layers), layers);
        }

        public Tensor call(Tensor tgt, Tensor memory) => base.call(tgt, memory, null!, null!, null!, null!);

        public new Tensor call(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null) =>
            base.call(tgt, memory, tgt_mask, memory_mask!, tgt_key_padding_mask!, memory_key_padding_mask!);

        public override Tensor forward(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null)
        {
            using var scope = NewDisposeScope();
            var x = tgt;
            foreach (var layer in layers) x = layer.call(x, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask);
            return x.MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static TransformerDecoder TransformerDecoder(TransformerDecoderLayer decoder_layer, long num_layers) => new(decoder_layer, num_layers);
        }
    }
}
