namespace TorchSharp.Modules;

/// <summary>
/// The parameters of stacked recurrent layers, registered with their module: for each layer and direction weight_ih [gates · hidden, input],
/// weight_hh [gates · hidden, hidden] and, where asked for, two biases [gates · hidden], drawn between ±1/√hidden.
/// </summary>
internal sealed class RecurrentParameters
{
    private readonly nn.Module _module;
    private readonly List<string> _names = [];
    private readonly long _hidden, _layers;
    private readonly bool _bias, _batchFirst, _bidirectional;
    private readonly double _dropout;

    internal RecurrentParameters(nn.Module module, long gates, long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype)
    {
        if (numLayers < 1) throw new ArgumentOutOfRangeException(nameof(numLayers), numLayers, "A recurrent module has at least one layer.");
        (_module, _hidden, _layers, _bias, _batchFirst, _bidirectional, _dropout) = (module, hiddenSize, numLayers, bias, batchFirst, bidirectional, dropout);
        var bound = hiddenSize > 0 ? 1 / Math.Sqrt(hiddenSize) : 0;
        void Add(string name, params long[] shape)
        {
            var parameter = new Parameter(empty(shape, dtype: dtype, device: device));
            nn.init.uniform_(parameter, -bound, bound);
            module.register_parameter(name, parameter);
            _names.Add(name);
        }

        for (var layer = 0; layer < numLayers; layer++)
        {
            foreach (var direction in bidirectional ? new[] { "", "_reverse" } : [""])
            {
                Add($"weight_ih_l{layer}{direction}", gates * hiddenSize, layer == 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1));
                Add($"weight_hh_l{layer}{direction}", gates * hiddenSize, hiddenSize);
                if (!bias) continue;
                Add($"bias_ih_l{layer}{direction}", gates * hiddenSize);
                Add($"bias_hh_l{layer}{direction}", gates * hiddenSize);
            }
        }
    }

    /// <summary>The parameter of a kind ("weight_ih") of a layer and direction, counted as PyTorch does; null where there is none.</summary>
    internal Parameter? Of(string kind, long index)
    {
        var directions = _bidirectional ? 2 : 1;
        var name = $"{kind}_l{index / directions}{(index % directions == 1 ? "_reverse" : "")}";
        return _names.Contains(name) ? _module.get_parameter(name) : null;
    }

    /// <summary>A state of zeros for an input, [layers · directions, N, hidden].</summary>
    internal Tensor Zeros(Tensor input) =>
        zeros([_layers * (_bidirectional ? 2 : 1), input.shape[_batchFirst ? 0 : 1], _hidden], dtype: input.dtype, device: input.device);

    /// <summary>The arguments that all of ATen's recurrent operators take.</summary>
    internal Argument[] Arguments(Tensor input, Argument state)
    {
        if (input.dim() != 3) throw new ArgumentException($"A recurrent module takes an input of 3 dims, not {input.dim()}: {(_batchFirst ? "[N, L, input]" : "[L, N, input]")}.", nameof(input));
        return [input, state, Argument.List(_names.Select(_module.get_parameter)), _bias, _layers, _dropout, _module.training, _bidirectional, _batchFirst];
    }
}
