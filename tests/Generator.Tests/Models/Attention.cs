using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Models;

/// <summary>Causal multi-head attention, its heads split over one axis and its batch over another.</summary>
[Sharded, Mesh("data"), Mesh("model")]
public sealed partial class Attention : nn.Module<Tensor, Tensor, Tensor>
{
    [Split(0, "model"), Shape("M M")] private readonly Linear query;
    [Split(0, "model"), Shape("M M")] private readonly Linear key;
    [Split(0, "model"), Shape("M M")] private readonly Linear value;
    [Split(1, "model"), Shape("M M")] private readonly Linear output;
    private readonly long heads;

    public Attention(long width, long heads) : base(nameof(Attention))
    {
        query = Linear(width, width);
        key = Linear(width, width);
        value = Linear(width, width);
        output = Linear(width, width);
        this.heads = heads;
        RegisterComponents();
    }

    [return: Split(0, "data"), Shape("B T M")]
    public override Tensor forward(
        [Split(0, "data"), Shape("B T M")] Tensor x,
        [Split(0, "data"), Shape("B 1 1 T")] Tensor padding)
    {
        var q = Heads(query.forward(x));
        var k = Heads(key.forward(x));
        var v = Heads(value.forward(x));
        var scores = einsum("BNTD,BNSD->BNTS", q, k) * (1 / Math.Sqrt(x.shape[2] / heads));
        var later = ones(x.shape[1], x.shape[1], dtype: ScalarType.Bool).triu(1);
        var weights = functional.softmax(scores.masked_fill(padding.logical_or(later), -1e4), -1);
        var mixed = einsum("BNTS,BNSD->BNTD", weights, v).transpose(1, 2);
        return output.forward(mixed.reshape(x.shape[0], x.shape[1], x.shape[2]));
    }

    // [B, T, M] → [B, N, T, M / N]
    private Tensor Heads(Tensor x) => x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
}
