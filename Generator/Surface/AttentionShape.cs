using System.Collections.Immutable;
using GShard.Compiler.Dims;

namespace GShard.Generator.Surface;

/// <summary>The parameters of attention and of the layers that are made of it, in the order in which they are listed.</summary>
/// <param name="Width">E, the width of queries and results.</param>
/// <param name="Keys">The width of keys.</param>
/// <param name="Values">The width of values.</param>
internal sealed record AttentionShape(Dim Width, Dim Keys, Dim Values)
{
    /// <summary>Whether the projections have biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether a trained key and value are added.</summary>
    public bool AddsKeyAndValue { get; init; }

    /// <summary>The parameters of the attention alone.</summary>
    public IEnumerable<(string Name, ImmutableArray<Dim> Dims)> Parameters()
    {
        if (Keys.Equals(Width) && Values.Equals(Width)) yield return ("in_proj_weight", [3 * Width, Width]);
        else
        {
            yield return ("q_proj_weight", [Width, Width]);
            yield return ("k_proj_weight", [Width, Keys]);
            yield return ("v_proj_weight", [Width, Values]);
        }

        if (Bias) yield return ("in_proj_bias", [3 * Width]);
        if (AddsKeyAndValue) yield return ("bias_k", [Dim.One, Dim.One, Width]);
        if (AddsKeyAndValue) yield return ("bias_v", [Dim.One, Dim.One, Width]);
        yield return ("out_proj.weight", [Width, Width]);
        if (Bias) yield return ("out_proj.bias", [Width]);
    }

    /// <summary>The parameters of a layer of a Transformer's encoder or decoder.</summary>
    public static IEnumerable<(string Name, ImmutableArray<Dim> Dims)> OfLayer(bool isDecoder, Dim width, Dim hidden)
    {
        var attention = new AttentionShape(width, width, width);
        foreach (var name in isDecoder ? new[] { "self_attn", "multihead_attn" } : ["self_attn"])
            foreach (var (inner, dims) in attention.Parameters()) yield return (name + "." + inner, dims);
        yield return ("linear1.weight", [hidden, width]);
        yield return ("linear1.bias", [hidden]);
        yield return ("linear2.weight", [width, hidden]);
        yield return ("linear2.bias", [width]);
        for (var i = 1; i <= (isDecoder ? 3 : 2); i++)
        {
            yield return ($"norm{i}.weight", [width]);
            yield return ($"norm{i}.bias", [width]);
        }
    }
}
