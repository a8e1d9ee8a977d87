using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Attention modules and the layers of a Transformer, whose batch is dim 1: projections, attention by heads, masks.</summary>
internal sealed partial class MethodReader
{
    private sealed record AttentionMaking(Dim Heads, string Dropout, bool AddsZero, bool NeedsWeights);

    private Reading ReadAttentionModule(LibraryModule module, Func<string, Value?> weight, ImmutableArray<Argument> inputs, SyntaxNode at)
    {
        if (inputs.Length < 6) return Unknown();
        if (MadeReading(module, "num_heads") is not { } count || SizeOf(count, at) is not { } heads) return NotVisible(module, "number of heads", at);
        if (MadeWith(module, "dropout", "0") is not { } dropout) return NotVisible(module, "dropout", at);
        if (inputs[4].Reading is not HostReading { Truth: { } needsWeights }) return RefuseArgument(inputs[4], module.Label, "must be a constant");
        var making = new AttentionMaking(heads, dropout, MadeReading(module, "add_zero_attn") is HostReading { Truth: true }, needsWeights);
        if (Attention(weight, making, Tensor(inputs[0]), Tensor(inputs[1]), Tensor(inputs[2]), Tensor(inputs[3]), Tensor(inputs[5]), at) is not { } result) return Unknown();
        return new TupleReading([new TensorReading(result.Output), result.Weights is { } weights ? ApplyOne("mean", Attributes.None.With("dims", [1]), [weights], at) : NullReading.Instance]);
    }

    private Reading ReadTransformer(LibraryModule module, Func<string, Value?> weight, ImmutableArray<Argument> inputs, Value x, SyntaxNode at)
    {
        var isDecoder = module.Kind.StartsWith("TransformerD", StringComparison.Ordinal);
        Value? Given(int index) => index < inputs.Length ? Tensor(inputs[index]) : null;
        if (isDecoder && Given(1) is null) return Unknown();
        var layers = new List<string> { "" };
        var made = module;
        if (!module.Kind.EndsWith("Layer", StringComparison.Ordinal))
        {
            var (arguments, count) = LibraryModules.LayerOf(module.Arguments)!.Value;
            made = module with { Arguments = arguments };
            layers = [.. Enumerable.Range(0, count).Select(i => $"layers.{i}.")];
        }

        if (MadeReading(made, "nhead") is not { } nhead || SizeOf(nhead, at) is not { } heads) return NotVisible(module, "number of heads", at);
        if (MadeWith(made, "dropout", "0.1") is not { } dropout) return NotVisible(module, "dropout", at);
        if (MadeReading(made, "activation") is not HostReading { Symbol.Name: { } activation }) return NotVisible(module, "activation", at);
        var making = new AttentionMaking(heads, dropout, AddsZero: false, NeedsWeights: false);
        Value? y = x;
        foreach (var layer in layers)
        {
            Value? Of(string name) => weight(layer + name);
            Value? Added(string norm, Value? before, Value? result) => before is null || One(at, "add", Attributes.None, before, Dropped(result, dropout, at)) is not { } sum ? null
                : (LayerNorm(sum, 1, "1e-05", [Of(norm + ".weight"), Of(norm + ".bias")], at) as TensorReading)?.Value;
            y = Added("norm1", y, Attention(n => Of("self_attn." + n), making, y, y, y, Given(isDecoder ? 4 : 2), Given(isDecoder ? 2 : 1), at)?.Output);
            if (isDecoder) y = Added("norm2", y, Attention(n => Of("multihead_attn." + n), making, y, Given(1), Given(1), Given(5), Given(3), at)?.Output);
            var inner = One(at, activation.ToLowerInvariant(), Attributes.None, Linear(y, Of("linear1.weight"), Of("linear1.bias"), at));
            y = Added(isDecoder ? "norm3" : "norm2", y, Linear(Dropped(inner, dropout, at), Of("linear2.weight"), Of("linear2.bias"), at));
        }

        return Result(y);
    }

    private Value? Linear(Value? x, Value? weight, Value? bias, SyntaxNode at) => x is null || weight is null ? null : (ReadLinear(x, weight, bias, at) as TensorReading)?.Value;

    private Value? Dropped(Value? x, string p, SyntaxNode at)
    {
        if (x is null || p is "0" or "0.0") return x;
        var probability = new Argument("p", null, new HostReading(p, SpecialType.System_Double), true, at);
        return (ReadDropout(x, probability, new Argument("training", null, IsTraining, true, at), at, isOurs: false) as TensorReading)?.Value;
    }

    /// <summary>Attention of queries [L, N, E] to keys and values [S, N, …]: [L, N, E], and the weights [N, heads, L, S] where they are wanted.</summary>
    private (Value Output, Value? Weights)? Attention(
        Func<string, Value?> weight, AttentionMaking making, Value? query, Value? key, Value? value, Value? padding, Value? mask, SyntaxNode at)
    {
        if (query is null || key is null || value is null || weight("out_proj.weight") is not { } output) return null;
        if (new[] { query, key, value }.FirstOrDefault(t => t.Tensor.Rank != 3) is { } wrong)
        {
            Refuse("GSH1001", at, $"Attention takes [steps, batch, width], but '{wrong.Name}' has {wrong.Tensor.Rank} dims.");
            return null;
        }

        var (batch, width) = (query.Tensor.Dims[1], output.Tensor.Dims[0]);
        var head = width / making.Heads;
        Value? Part(Value? stacked, int part) => stacked is null ? null : One(at, "narrow", Attributes.None.With("dim", 0).With("start", part * width).With("length", width), stacked);
        Value? Project(Value x, int part, string name) => Linear(x, weight("in_proj_weight") is { } all ? Part(all, part) : weight(name), Part(weight("in_proj_bias"), part), at);
        // [steps, N, E] → [N, heads, steps, E/heads].
        Value? Heads(Value? x) => x is null ? null
            : One(at, "permute", Attributes.None.With("dims", [1, 2, 0, 3]), One(at, "reshape", Attributes.None.With("shape", [x.Tensor.Dims[0], batch, making.Heads, head]), x));

        var (q, k, v) = (Heads(Project(query, 0, "q_proj_weight")), Project(key, 1, "k_proj_weight"), Project(value, 2, "v_proj_weight"));
        var added = 0;
        if (weight("bias_k") is { } keyBias)
        {
            Value? Longer(Value? x, Value? bias) => One(at, "cat", Attributes.None.With("dim", 0), x, One(at, "expand", Attributes.None.With("shape", [Dim.One, batch, width]), bias));
            (k, v, added) = (Longer(k, keyBias), Longer(v, weight("bias_v")), added + 1);
        }

        if (making.AddsZero && k is not null)
        {
            var zeros = One(at, "zeros", Attributes.Named(k.Tensor.Element.Text()).With("shape", [Dim.One, batch, width]));
            (k, v, added) = (One(at, "cat", Attributes.None.With("dim", 0), k, zeros), One(at, "cat", Attributes.None.With("dim", 0), v, zeros), added + 1);
        }

        (k, v) = (Heads(k), Heads(v));
        if (q is null || k is null || v is null) return null;
        Value? mixed, weights = null;
        if (!making.NeedsWeights && making.Dropout is "0" or "0.0" && mask is null && padding is null) mixed = One(at, "scaled_dot_product_attention", Attributes.None, q, k, v);
        else
        {
            var keys = One(at, "transpose", Attributes.None.With("dim0", -2).With("dim1", -1), k);
            var scores = One(at, "matmul", Attributes.None, Scalar(at, "mul_scalar", q, $"1.0 / Math.Sqrt({CodeOf(head)})"), keys);
            if (mask is not null)
                scores = Excluding(scores, mask.Tensor.Rank == 2 ? mask : One(at, "reshape", Attributes.None.With("shape", [batch, making.Heads, .. mask.Tensor.Dims.Skip(1)]), mask), false, added, at);
            // [N, S] → [N, 1, 1, S].
            if (padding is not null)
                scores = Excluding(scores, One(at, "unsqueeze", Attributes.None.With("dim", 1), One(at, "unsqueeze", Attributes.None.With("dim", 1), padding)), true, added, at);
            weights = One(at, "softmax", Attributes.None.With("dim", -1), scores);
            mixed = One(at, "matmul", Attributes.None, Dropped(weights, making.Dropout, at), v);
        }

        var joined = One(at, "reshape", Attributes.None.With("shape", [query.Tensor.Dims[0], batch, width]), One(at, "permute", Attributes.None.With("dims", [2, 0, 1, 3]), mixed));
        return Linear(joined, output, weight("out_proj.bias"), at) is { } result ? (result, making.NeedsWeights ? weights : null) : null;
    }

    /// <summary>
    /// Scores under a mask: truth excludes, numbers are added; the keys that were added are open to all. A mask from outside, of which nothing tells
    /// the element type, is one of truth values for keys and of numbers for pairs; torch refuses the other where it runs.
    /// </summary>
    private Value? Excluding(Value? scores, Value? mask, bool isPadding, int added, SyntaxNode at)
    {
        if (mask is null) return null;
        var source = mask;
        while (builder.DefinitionOf(source) is { } made && ElementUse.Keeps(made.Name)) source = made.Operands[0];
        var isFromOutside = source.Tensor.Element == ElementType.Float && builder.DefinitionOf(source) is null;
        if (isFromOutside && isPadding) Infer(source, ElementType.Bool);
        var isTruth = mask.Tensor.Element == ElementType.Bool || isFromOutside && isPadding;
        var negated = isTruth ? mask : One(at, "neg", Attributes.None, mask);
        if (added > 0) negated = One(at, "pad", Attributes.None.With("pad", [Dim.Zero, added]).WithHost("value", "0"), negated);
        // Torch has no negative of truth values: a mask of those is never added as numbers.
        return isTruth ? One(at, "masked_fill", Attributes.None.WithHost("value", "double.NegativeInfinity"), scores, negated) : One(at, "sub", Attributes.None, scores, negated);
    }
}
