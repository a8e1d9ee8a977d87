using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Recurrent modules: for each layer and direction a linear operator over the whole sequence, and the recurrence, whose operator runs from
/// step to step.
/// </summary>
internal sealed partial class MethodReader
{
    private Reading ReadRecurrence(LibraryModule module, RecurrentShape shape, Func<string, Value?> weight, ImmutableArray<Argument> inputs, Value x, SyntaxNode at)
    {
        if (module.Arguments is null) return NotVisible(module, "number of layers", at);
        if (shape.Unknown is { } unknown) return Refuse("GSH4005", at, $"The {unknown} of '{module.Label}' must be a constant that the constructor shows; write the value itself.");
        if (x.Tensor.Rank != 3) return Refuse("GSH1001", at, $"'{module.Label}' takes [{(shape.BatchFirst ? "batch, steps" : "steps, batch")}, inputs]; '{x.Name}' has {x.Tensor.Rank} dims.");
        if (MadeWith(module, "dropout", "0") is not { } dropout) return NotVisible(module, "dropout", at);
        if (!ReadStates(shape, inputs, out var first)) return Unknown();
        Value? y = shape.BatchFirst ? Swapped(x, at) : x;
        var last = new List<ImmutableArray<Value>>();
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var outputs = new List<Value>();
            foreach (var isReverse in shape.Bidirectional ? new[] { false, true } : [false])
            {
                var index = last.Count;
                var states = first.Select(s => One(at, "select", Attributes.None.With("dim", 0).With("index", index), s)).ToImmutableArray();
                if (y is null || ReadLayer(shape, weight, $"_l{layer}{(isReverse ? "_reverse" : "")}", y, states, isReverse, at) is not { } results) return Unknown();
                outputs.Add(results[0]);
                last.Add([.. results.Skip(1).Take(shape.States)]);
            }

            y = outputs.Count == 1 ? outputs[0] : One(at, "cat", Attributes.None.With("dim", 2), [.. outputs]);
            if (layer == shape.Layers - 1 || dropout is "0" or "0.0" || y is null) continue;
            var dropped = ReadDropout(y, new Argument("p", null, new HostReading(dropout, SpecialType.System_Double), true, at), new Argument("training", null, IsTraining, true, at), at, isOurs: false);
            y = (dropped as TensorReading)?.Value;
        }

        if (shape.BatchFirst && y is not null) y = Swapped(y, at);
        var stacked = Enumerable.Range(0, shape.States).Select(s => Result(One(at, "stack", Attributes.None.With("dim", 0), [.. last.Select(l => (Value?)l[s])])));
        return failed ? UnknownReading.Instance : new TupleReading([Result(y), .. stacked]);
    }

    /// <summary>A cell is a layer of one step.</summary>
    private Reading ReadCell(LibraryModule module, RecurrentShape shape, Func<string, Value?> weight, ImmutableArray<Argument> inputs, Value x, SyntaxNode at)
    {
        if (module.Arguments is null) return NotVisible(module, "bias", at);
        if (shape.Unknown is { } unknown) return Refuse("GSH4005", at, $"The {unknown} of '{module.Label}' must be a constant that the constructor shows; write the value itself.");
        if (x.Tensor.Rank != 2) return Refuse("GSH1001", at, $"'{module.Label}' takes [batch, inputs]; '{x.Name}' has {x.Tensor.Rank} dims.");
        if (!ReadStates(shape, inputs, out var first)) return Unknown();
        if (One(at, "unsqueeze", Attributes.None.With("dim", 0), x) is not { } step || ReadLayer(shape, weight, "", step, [.. first], false, at) is not { } results) return Unknown();
        return shape.States == 1 ? new TensorReading(results[1]) : new TupleReading([.. results.Skip(1).Take(shape.States).Select(r => (Reading)new TensorReading(r))]);
    }

    /// <summary>The states that the caller gives; none where these are zeros. False where they cannot be read.</summary>
    private static bool ReadStates(RecurrentShape shape, ImmutableArray<Argument> inputs, out ImmutableArray<Value> states)
    {
        states = [];
        switch (inputs.Length > 1 ? inputs[1].Reading : NullReading.Instance)
        {
            case NullReading: return true;
            case TensorReading hidden when shape.States == 1:
                states = [hidden.Value];
                return true;
            case TupleReading { Items: [TensorReading hidden, TensorReading cell] } when shape.States == 2:
                states = [hidden.Value, cell.Value];
                return true;
            default: return false;
        }
    }

    /// <summary>One layer in one direction over [steps, batch, inputs]: the states of all steps, the last states, and what the backward needs.</summary>
    private ImmutableArray<Value>? ReadLayer(
        RecurrentShape shape, Func<string, Value?> weight, string suffix, Value x, ImmutableArray<Value?> states, bool isReverse, SyntaxNode at)
    {
        if (weight("weight_ih" + suffix) is not { } ofInput || weight("weight_hh" + suffix) is not { } ofState) return null;
        var (bias, stateBias) = (weight("bias_ih" + suffix), weight("bias_hh" + suffix));
        var isGated = shape.Operator == "gru";
        // Where the state's part is not gated by itself, its bias is one with the inputs'.
        if (!isGated && bias is not null) bias = One(at, "add", Attributes.None, bias, stateBias);
        if (ReadLinear(x, ofInput, bias, at) is not TensorReading { Value: var gates }) return null;
        if (states.IsEmpty)
        {
            var type = Attributes.Named(x.Tensor.Element.Text()).With("shape", [x.Tensor.Dims[1], ofState.Tensor.Dims[1]]);
            states = [.. Enumerable.Range(0, shape.States).Select(_ => One(at, "zeros", type))];
        }

        var attributes = isReverse ? Attributes.None.With("reverse", true) : Attributes.None;
        if (shape.IsRelu) attributes = attributes.With("relu", true);
        if (states.Any(s => s is null)) return null;
        return Apply(shape.Operator, attributes, [gates, .. states.Select(s => s!), ofState, .. isGated && stateBias is not null ? new[] { stateBias } : []], at);
    }

    private Value? Swapped(Value x, SyntaxNode at) => One(at, "transpose", Attributes.None.With("dim0", 0).With("dim1", 1), x);
}
