using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Models;

/// <summary>Decoder layers one after the other.</summary>
[Sharded, Mesh("data"), Mesh("model")]
public sealed partial class Decoder : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly ModuleList<DecoderLayer> layers;
    [Replicate, Shape("M")] private readonly LayerNorm norm;

    public Decoder(long width, long hidden, long heads, int depth) : base(nameof(Decoder))
    {
        layers = new ModuleList<DecoderLayer>([.. Enumerable.Range(0, depth).Select(_ => new DecoderLayer(width, hidden, heads, 0.1))]);
        norm = LayerNorm(width);
        RegisterComponents();
    }

    [return: Split(0, "data"), Shape("B T M")]
    public override Tensor forward(
        [Split(0, "data"), Shape("B T M")] Tensor x,
        [Split(0, "data"), Shape("B 1 1 T")] Tensor padding)
    {
        foreach (var layer in layers)
            x = layer.forward(x, padding);
        return norm.forward(x);
    }
}
