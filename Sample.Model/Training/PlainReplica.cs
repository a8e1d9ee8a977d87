using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>The whole model on one rank, differentiated by libtorch.</summary>
internal sealed class PlainReplica(Transformer model) : IReplica
{
    public IReadOnlyList<Parameter> Parameters { get; } = [.. model.parameters()];

    public (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped) Step(Tensor source, Tensor target, Tensor expected)
    {
        model.zero_grad();
        var result = model.forward(source, target, expected);
        result.loss.backward();
        return result;
    }

    public void GatherInto(Transformer plain, DeviceMesh mesh) { }

    public void Dispose() { }
}
