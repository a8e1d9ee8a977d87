using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Encoder layers in a row, which begin as copies of one: [S, N, E] to [S, N, E].</summary>
    public sealed class TransformerEncoder : nn.Module<Tensor, Tensor, Tensor, Tensor>, nn.IModule<Tensor, Tensor, Tensor>, nn.IModule<Tensor, Tensor>
    {
        private readonly ModuleList<TransformerEncoderLayer> layers = [];

        internal TransformerEncoder(TransformerEncoderLayer encoder_layer, long num_layers)
            : base(nameof(TransformerEncoder))
        {
            var (width, heads, hidden, dropout, activation) = encoder_layer.Made;
            for (var i = 0; i < num_layers; i++)
            {
                var layer = new TransformerEncoderLayer(width, heads, hidden, dropout, activation);
                layer.load_state_dict(encoder_layer.state_dict());
                layers.Add(layer);
            }

            register_module(nameof(layers), layers);
        }

        public Tensor call(Tensor src) => base.call(src, null!, null!);

        public Tensor call(Tensor src, Tensor src_mask) => base.call(src, src_mask, null!);

        public override Tensor forward(Tensor src, Tensor src_mask, Tensor src_key_padding_mask)
        {
            using var scope = NewDisposeScope();
            return layers.Aggregate(src, (x, layer) => layer.Forward(x, src_mask, src_key_padding_mask)).MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static TransformerEncoder TransformerEncoder(TransformerEncoderLayer encoder_layer, long num_layers) => new(encoder_layer, num_layers);
        }
    }
}
