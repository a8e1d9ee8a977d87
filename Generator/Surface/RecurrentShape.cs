using System.Collections.Immutable;
using GShard.Compiler.Dims;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Surface;

/// <summary>What a recurrent module was made with, as far as it decides on parameters and operators.</summary>
/// <param name="Operator">The operator of a layer.</param>
/// <param name="Gates">How many gates a hidden unit has.</param>
/// <param name="States">How many states a step hands on.</param>
/// <param name="IsCell">Whether it is one step.</param>
internal sealed record RecurrentShape(string Operator, int Gates, int States, bool IsCell)
{
    /// <summary>How many layers there are.</summary>
    public int Layers { get; private init; } = 1;

    /// <summary>Whether each layer also runs from the last step to the first.</summary>
    public bool Bidirectional { get; private init; }

    /// <summary>Whether the batch comes before the steps.</summary>
    public bool BatchFirst { get; private init; }

    /// <summary>Whether there are biases.</summary>
    public bool Bias { get; private init; } = true;

    /// <summary>Whether a plain recurrence takes the positive part.</summary>
    public bool IsRelu { get; private init; }

    /// <summary>An argument that should be a constant and is none; null where all are.</summary>
    public string? Unknown { get; private init; }

    /// <summary>The shape of a module of TorchSharp's; null where it is not recurrent.</summary>
    public static RecurrentShape? Of(string module, ImmutableDictionary<string, IOperation>? arguments)
    {
        RecurrentShape? shape = module switch
        {
            "LSTM" or "LSTMCell" => new("lstm", 4, 2, module.Length > 4),
            "GRU" or "GRUCell" => new("gru", 3, 1, module.Length > 3),
            "RNN" or "RNNCell" => new("rnn", 1, 1, module.Length > 3),
            _ => null,
        };
        if (shape is null || arguments is null) return shape;
        string? unknown = null;
        object? Constant(string name, object? otherwise)
        {
            if (!arguments.TryGetValue(name, out var value)) return otherwise;
            while (value is IConversionOperation conversion) value = conversion.Operand;
            if (value.ConstantValue.HasValue) return value.ConstantValue.Value;
            unknown = name;
            return otherwise;
        }

        return shape with
        {
            Layers = (int)System.Convert.ToInt64(Constant("numLayers", 1), System.Globalization.CultureInfo.InvariantCulture),
            Bidirectional = Constant("bidirectional", false) is true,
            BatchFirst = Constant("batchFirst", false) is true,
            Bias = Constant("bias", true) is true,
            IsRelu = shape.Operator == "rnn" && Constant("nonLinearity", 1) is 0,
            Unknown = unknown,
        };
    }

    /// <summary>The parameters in the order in which the module registers them.</summary>
    public IEnumerable<(string Name, ImmutableArray<Dim> Dims)> Parameters(Dim inputs, Dim hidden)
    {
        for (var layer = 0; layer < Layers; layer++)
        {
            foreach (var direction in Bidirectional ? new[] { "", "_reverse" } : [""])
            {
                var suffix = IsCell ? "" : $"_l{layer}{direction}";
                yield return ("weight_ih" + suffix, [Gates * hidden, layer == 0 ? inputs : Bidirectional ? 2 * hidden : hidden]);
                yield return ("weight_hh" + suffix, [Gates * hidden, hidden]);
                if (!Bias) continue;
                yield return ("bias_ih" + suffix, [Gates * hidden]);
                yield return ("bias_hh" + suffix, [Gates * hidden]);
            }
        }
    }
}
