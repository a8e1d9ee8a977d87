using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>The generated model: this rank's experts, and its part of forward and backward.</summary>
internal sealed class ShardedReplica : IReplica
{
    private readonly Transformer.Sharded model;
    private readonly Tensor gradientOfLoss;
    private readonly Tensor gradientOfAuxLoss;

    public ShardedReplica(Transformer plain, DeviceMesh mesh)
    {
        model = plain.Shard(mesh);
        Parameters = [.. model.parameters()];
        // The loss holds the auxiliary loss already.
        gradientOfLoss = ones([]);
        gradientOfAuxLoss = zeros([]);
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped) Step(Tensor source, Tensor target, Tensor expected)
    {
        model.zero_grad();
        var result = model.forward(source, target, expected);
        model.Backward(gradientOfLoss, gradientOfAuxLoss);
        return result;
    }

    public void GatherInto(Transformer plain, DeviceMesh mesh)
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
            if (mesh.Rank == 0)
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
