using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>The distributions that torch gives the parameters of its layers, by the layer's type.</summary>
internal static class LayerDefaults
{
    private static readonly double LinearSlope = Math.Sqrt(5);

    /// <summary>Gives them to a layer's own parameters that have no initial values yet.</summary>
    public static void Apply(nn.Module layer)
    {
        foreach (var (name, parameter) in layer.named_parameters(recurse: false).Where(p => InitialValues.Of(p.parameter) is null).ToArray())
            Apply(layer, name, parameter);
    }

    // By name: a provider may lack some of the types.
    private static void Apply(nn.Module layer, string name, Parameter parameter)
    {
        var isWeight = name.EndsWith("weight", StringComparison.Ordinal);
        switch (layer.GetType().Name)
        {
            case "Linear" or "Conv1d" or "Conv2d" or "Conv3d" or "ConvTranspose1d" or "ConvTranspose2d" or "ConvTranspose3d":
                if (isWeight) Initialize.KaimingUniform(parameter, LinearSlope);
                else Bounded(parameter, nn.init.CalculateFanInAndFanOut(layer.get_parameter("weight")!).fanIn);
                break;
            case "Bilinear": Bounded(parameter, layer.get_parameter("weight")!.shape[1]); break;
            case "LSTM" or "GRU" or "RNN": Bounded(parameter, layer.get_parameter("weight_hh_l0")!.shape[1]); break;
            case "LSTMCell" or "GRUCell" or "RNNCell": Bounded(parameter, layer.get_parameter("weight_hh")!.shape[1]); break;
            case "Embedding" or "EmbeddingBag": Initialize.Normal(parameter); break;
            case "LayerNorm" or "GroupNorm" or "BatchNorm1d" or "BatchNorm2d" or "BatchNorm3d" or "InstanceNorm1d" or "InstanceNorm2d" or "InstanceNorm3d":
                Initialize.Constant(parameter, isWeight ? 1 : 0);
                break;
            case "MultiheadAttention" when isWeight: Initialize.XavierUniform(parameter); break;
            case "MultiheadAttention" when name.StartsWith("bias_", StringComparison.Ordinal): Initialize.Normal(parameter, 0, Math.Sqrt(1.0 / parameter.shape[^1])); break;
            case "MultiheadAttention": Initialize.Constant(parameter, 0); break;
        }
    }

    private static void Bounded(Parameter parameter, long fanIn)
    {
        var bound = 1 / Math.Sqrt(fanIn);
        Initialize.Uniform(parameter, -bound, bound);
    }
}
