using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sample.Model;

/// <summary>Multi-head attention of the tokens x [B, T, M] to the tokens memory [B, S, M].</summary>
[Sharded, Mesh("expert")]
public sealed partial class Attention : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    // Large enough that no probability is left, small enough for half precision.
    private const double Never = -1e4;

    [Replicate, Shape("M M")] private readonly Linear query;
    [Replicate, Shape("M M")] private readonly Linear key;
    [Replicate, Shape("M M")] private readonly Linear value;
    [Replicate, Shape("M M")] private readonly Linear output;
    private readonly long heads;
    private readonly bool causal;

    /// <param name="options">Sizes.</param>
    /// <param name="causal">Whether a token sees no later one; x and memory are then the same.</param>
    public Attention(ModelOptions options, bool causal) : base(nameof(Attention))
    {
        query = Linear(options.Width, options.Width);
        key = Linear(options.Width, options.Width);
        value = Linear(options.Width, options.Width);
        output = Linear(options.Width, options.Width);
        heads = options.Heads;
        this.causal = causal;
        RegisterComponents();
    }

    /// <param name="x">[B, T, M]</param>
    /// <param name="memory">[B, S, M]</param>
    /// <param name="padding">[B, 1, 1, S], true where memory is padding.</param>
    [return: Split(0, "expert"), Shape("B T M")]
    public override Tensor forward(
        [Split(0, "expert"), Shape("B T M")] Tensor x,
        [Split(0, "expert"), Shape("B S M")] Tensor memory,
        [Split(0, "expert"), Shape("B 1 1 S")] Tensor padding)
    {
        var q = Heads(query.forward(x));
        var k = Heads(key.forward(memory));
        var v = Heads(value.forward(memory));
        var scores = einsum("BNTD,BNSD->BNTS", q, k) * (1 / Math.Sqrt(x.shape[2] / heads));
        scores = scores.masked_fill(padding, Never);
        if (causal)
        {
            var later = ones(x.shape[1], memory.shape[1], dtype: ScalarType.Bool).triu(1);
            scores = scores.masked_fill(later, Never);
        }
        var weights = functional.softmax(scores, -1);
        var mixed = einsum("BNTS,BNSD->BNTD", weights, v).transpose(1, 2);
        return output.forward(mixed.reshape(x.shape[0], x.shape[1], x.shape[2]));
    }

    // [B, L, M] → [B, N, L, M / N]
    private Tensor Heads(Tensor x) => x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
}
