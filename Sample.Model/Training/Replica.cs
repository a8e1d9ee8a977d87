using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>This rank's part of the model, generated: its experts, and its part of forward and backward.</summary>
internal sealed class Replica : IDisposable
{
    private readonly Transformer.Sharded model;
    private readonly Tensor gradientOfLoss;
    private readonly Tensor gradientOfAuxLoss;

    public Replica(Transformer plain, DeviceMesh mesh)
    {
        model = plain.Shard(mesh);
        Parameters = [.. model.parameters()];
        // The loss holds the auxiliary loss already.
        gradientOfLoss = ones([]);
        gradientOfAuxLoss = zeros([]);
    }

    /// <summary>This rank's part of the model.</summary>
    public nn.Module Model => model;

    /// <summary>This rank's parameters, in the same order on every rank.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// Forward and backward of this rank's sentences [b, S], [b, T], [b, T]; the gradients replace those of the step before.
    /// The results are over all ranks.
    /// </summary>
    public (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped) Step(Tensor source, Tensor target, Tensor expected)
    {
        model.zero_grad();
        var result = model.forward(source, target, expected);
        model.Backward(gradientOfLoss, gradientOfAuxLoss);
        return result;
    }

    /// <summary>Brings the whole weights together in <paramref name="plain"/>; every rank calls it, and writes where it is told to.</summary>
    public void GatherInto(Transformer plain, DeviceMesh mesh, bool writes)
    {
        using var withoutGraph = no_grad();
        var whole = plain.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, parameter) in model.named_parameters())
        {
            using var scope = NewDisposeScope();
            Tensor gathered = parameter;
            foreach (var placement in ParameterSharding.Of(parameter)?.Placements ?? [])
            {
                if (placement.Axis is { } axis)
                    gathered = mesh.Gather(gathered, placement.Dim, axis);
            }
            if (writes)
                whole[name].copy_(gathered);
        }
    }

    public void Dispose()
    {
        model.Dispose();
        gradientOfLoss.Dispose();
        gradientOfAuxLoss.Dispose();
    }
}
