using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard.RankProgram;

/// <summary>A model whose compiled form communicates: the sum of rows that the ranks share.</summary>
[Sharded, Mesh("data")]
internal sealed partial class Total : Module<Tensor, Tensor>
{
    [Replicate, Shape("M")] private readonly Parameter scale = new(ones(3));

    public Total()
        : base(nameof(Total)) => RegisterComponents();

    /// <inheritdoc/>
    [return: Replicate]
    public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor rows)
    {
        var total = rows.sum(0);
        return total.relu() * scale;
    }
}
