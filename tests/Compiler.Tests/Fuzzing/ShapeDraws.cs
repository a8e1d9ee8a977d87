using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Draws calls whose constants are sizes: reshapes, pieces, creations and contractions over symbolic dims.</summary>
internal static class ShapeDraws
{
    private static readonly ImmutableArray<Func<Scope, Known[]?>> All =
    [
        Merge, Merge, Split, Heads, MergeThenSplit, Expand, Narrow, Select, Concatenate, Stack, Pad, Permute, Squeeze, Create, Mask, TopK, OneHot, Einsum, Einsum, Einsum, Linear, Linear, Linear,
        Embedding, Attention, MaskedSoftmax, Spread, IndexedRows, Norm, Norm, Loss, Gating,
    ];

    public static Known[]? Draw(Scope scope) => All[scope.Random.Next(All.Length)](scope);

    private static Known[]? Call(Scope scope, string name, Attributes attributes, params Known?[] operands) =>
        operands.Contains(null) ? null : scope.Apply(name, attributes, operands!);

    private static Attributes Shape(IEnumerable<Dim> dims) => Attributes.None.With("shape", dims);

    /// <summary>[B, T, M] → [B*T, M].</summary>
    private static Known[]? Merge(Scope scope)
    {
        if (scope.Pick(k => k.Type.Rank >= 2) is not { } x) return null;
        var at = scope.Random.Next(x.Type.Rank - 1);
        var count = scope.Random.Next(2, x.Type.Rank - at + 1);
        var dims = x.Type.Dims;
        var merged = dims.RemoveRange(at, count).Insert(at, Dim.Product(dims.Skip(at).Take(count)));
        return scope.Apply("reshape", Shape(scope.Random.Next(3) == 0 ? merged.SetItem(at, -1) : merged), x);
    }

    /// <summary>[B*T, M] → [B, T, M].</summary>
    private static Known[]? Split(Scope scope)
    {
        bool IsProduct(Dim d) => d.Terms.Count() == 1 && d.Terms.First().Coefficient == 1 && d.Terms.First().Factors.Length == 2 && d.Terms.First().Factors.All(f => f.Power == 1);
        if (scope.Pick(k => k.Type.Dims.Any(IsProduct)) is not { } x) return null;
        var at = x.Type.Dims.Select((d, i) => (d, i)).First(p => IsProduct(p.d)).i;
        var names = x.Type.Dims[at].Symbols.ToList();
        var (a, b) = scope.Random.Next(2) == 0 ? (names[0], names[1]) : (names[1], names[0]);
        return scope.Apply("reshape", Shape(x.Type.Dims.RemoveAt(at).InsertRange(at, ImmutableArray.Create(Dim.Symbol(a), Dim.Symbol(b)))), x);
    }

    /// <summary>[B, T, M] → [B, T, heads, M/heads], for a host value that divides.</summary>
    private static Known[]? Heads(Scope scope)
    {
        var (x, at) = Whole(scope, 2);
        return x is null ? null : scope.Apply("reshape", Shape(x.Type.Dims.RemoveAt(at).InsertRange(at, ImmutableArray.Create(Dim.Symbol("heads"), x.Type.Dims[at] / Dim.Symbol("heads")))), x);
    }

    private static (Known? X, int Dim) Whole(Scope scope, int parts)
    {
        var draft = scope.Draft;
        bool Divides(Dim d) => d.SymbolName is not null && draft.Size(d) % parts == 0 && draft.Sizes.ContainsKey(d.SymbolName);
        var x = scope.Pick(k => k.Type.Dims.Any(Divides));
        if (x is null) return (null, 0);
        draft.Hosts["heads"] = parts;
        return (x, x.Type.Dims.Select((d, i) => (d, i)).First(p => Divides(p.d)).i);
    }

    /// <summary>[A, B, C] → [A*B, C] → [A, B*C], or another cut of the same elements.</summary>
    private static Known[]? MergeThenSplit(Scope scope)
    {
        if (scope.Pick(k => k.Type.Rank >= 3) is not { } x) return null;
        var dims = x.Type.Dims;
        ImmutableArray<Dim> first = [dims[0] * dims[1], .. dims.Skip(2)];
        ImmutableArray<Dim> second = [dims[0], dims[1] * dims[2], .. dims.Skip(3)];
        return scope.One("reshape", Shape(first), x) is { } merged ? scope.Apply("reshape", Shape(second), merged) : null;
    }

    private static Known[]? Expand(Scope scope)
    {
        if (scope.PickReal() is not { } x) return null;
        var dims = x.Type.Dims.Select(d => d.IsOne && scope.Random.Next(3) > 0 ? scope.Draft.AnyDim() : scope.Random.Next(5) == 0 ? -1 : d).ToList();
        if (scope.Random.Next(2) == 0 && dims.Count < 4) dims.Insert(0, scope.Draft.AnyDim());
        return scope.Apply("expand", Shape(dims), x);
    }

    private static (Known X, int Dim, long Size)? Along(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var dim = scope.Random.Next(x.Type.Rank);
        return (x, dim, x.Array.Shape[dim]);
    }

    private static int Either(Scope scope, Known x, int dim) => scope.Random.Next(3) == 0 ? dim - x.Type.Rank : dim;

    private static Known[]? Narrow(Scope scope)
    {
        if (Along(scope) is not var (x, dim, size)) return null;
        var start = scope.Random.Next((int)size);
        var rest = size - start;
        var length = scope.Random.Next(3) == 0 ? x.Type.Dims[dim] - start : (Dim)scope.Random.NextInt64(1, rest + 1);
        return scope.Apply("narrow", Attributes.None.With("dim", Either(scope, x, dim)).With("start", start).With("length", length), x);
    }

    private static Known[]? Select(Scope scope) =>
        Along(scope) is not var (x, dim, size) ? null : scope.Apply("select", Attributes.None.With("dim", Either(scope, x, dim)).With("index", scope.Random.NextInt64(-size, size)), x);

    private static Known[]? Concatenate(Scope scope)
    {
        if (Along(scope) is not var (x, dim, _)) return null;
        var parts = Enumerable.Range(0, scope.Random.Next(1, 3)).Select(_ => scope.Need(scope.Random.Next(2) == 0 ? x.Type.Dims : x.Type.Dims.SetItem(dim, scope.Draft.AnyDim()), x.Type.Element));
        return Call(scope, "cat", Attributes.None.With("dim", Either(scope, x, dim)), [x, .. parts]);
    }

    private static Known[]? Stack(Scope scope)
    {
        if (scope.PickReal() is not { } x || x.Type.Rank > 3) return null;
        var others = Enumerable.Range(0, scope.Random.Next(1, 3)).Select(_ => scope.Need(x.Type.Dims, x.Type.Element)).ToArray();
        return Call(scope, "stack", Attributes.None.With("dim", scope.Random.Next(-x.Type.Rank - 1, x.Type.Rank + 1)), [x, .. others]);
    }

    private static Known[]? Pad(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var pad = Enumerable.Range(0, 2 * scope.Random.Next(1, x.Type.Rank + 1)).Select(_ => scope.Random.Next(3));
        return scope.Apply("pad", Attributes.None.With("pad", pad).WithHost("value", scope.Random.Next(2) == 0 ? "0" : "0.5"), x);
    }

    private static Known[]? Permute(Scope scope)
    {
        if (scope.Pick(k => k.Type.Rank >= 2) is not { } x) return null;
        var order = Enumerable.Range(0, x.Type.Rank).OrderBy(_ => scope.Random.Next()).ToArray();
        return scope.Random.Next(2) == 0
            ? scope.Apply("permute", Attributes.None.With("dims", order.Select(d => Either(scope, x, d))), x)
            : scope.Apply("transpose", Attributes.None.With("dim0", Either(scope, x, order[0])).With("dim1", Either(scope, x, order[1])), x);
    }

    private static Known[]? Squeeze(Scope scope) => scope.Pick(k => k.Type.Dims.Any(d => d.IsOne)) is { } x
        ? scope.Apply("squeeze", Attributes.None.With("dim", Either(scope, x, x.Type.Dims.IndexOf(Dim.One))), x)
        : null;

    /// <summary>A new tensor of sizes that a tensor in sight shows.</summary>
    private static Known[]? Create(Scope scope)
    {
        if (scope.Pick(k => k.Type.Rank > 0) is not { } like) return null;
        var dims = like.Type.Dims;
        var type = Attributes.None.With(Attributes.Name, new NameAttribute(scope.Draft.Options.Real));
        return scope.Random.Next(6) switch
        {
            0 => scope.Apply("zeros", type.With("shape", dims)),
            1 => scope.Apply("ones", type.With("shape", dims)),
            2 => scope.Apply("full", type.With("shape", dims).WithHost("value", "rate")),
            3 => scope.Apply("arange", type.With("end", dims[0])),
            4 => scope.Apply("eye", type.With("n", dims[^1])),
            _ => scope.Apply("arange", Attributes.None.With("start", 1).With("end", dims[0] + 1)),
        };
    }

    private static Known[]? Mask(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank >= 2) is not { } x) return null;
        var mask = scope.One("triangular_mask", Attributes.None.With("shape", x.Type.Dims.Skip(x.Type.Rank - 2)).With("diagonal", scope.Random.Next(-1, 2)));
        return Call(scope, "masked_fill", Attributes.None.WithHost("value", scope.Random.Next(2) == 0 ? "0" : "-0.5"), x, mask);
    }

    private static Known[]? TopK(Scope scope) =>
        Along(scope) is not var (x, dim, size) ? null : scope.Apply("topk", Attributes.None.With("k", scope.Random.NextInt64(1, size + 1)).With("dim", Either(scope, x, dim)), x);

    private static Known[]? OneHot(Scope scope)
    {
        var classes = scope.Draft.AnyDim();
        var indices = scope.Pick(k => scope.Fits(k, ElementType.Int64, "below " + classes)) ?? scope.Draft.Parameter([scope.Draft.AnyDim()], ElementType.Int64, "below " + classes);
        if (Call(scope, "one_hot", Attributes.None.With("classes", classes), indices) is not [var hot]) return null;
        return scope.Apply("to", Attributes.Named(scope.Draft.Options.Real), hot);
    }

    /// <summary>Any einsum of two or three operands: labels are the dims of what is picked, some of them shared with what is made.</summary>
    private static Known[]? Einsum(Scope scope)
    {
        if (scope.PickReal() is not { } first || first.Type.Rank == 0) return null;
        var random = scope.Random;
        var sizes = new List<Dim>(first.Type.Dims);
        var texts = new List<string> { Labels(Enumerable.Range(0, first.Type.Rank)) };
        var operands = new List<Known> { first };
        for (var count = random.Next(1, 4) - (random.Next(4) == 0 ? 1 : 0); count > 0 && sizes.Count < 6; count--)
        {
            if (random.Next(3) == 0 && scope.PickReal() is { } other && other.Type.Rank is > 0 and < 5)
            {
                var taken = new HashSet<int>();
                texts.Add(Labels(other.Type.Dims.Select(d =>
                {
                    var label = sizes.FindIndex(s => s.Equals(d) && !taken.Contains(sizes.IndexOf(s)));
                    if (label < 0 || random.Next(4) == 0)
                    {
                        label = sizes.Count;
                        sizes.Add(d);
                    }

                    taken.Add(label);
                    return label;
                }).ToList()));
                operands.Add(other);
                continue;
            }

            var shared = Enumerable.Range(0, sizes.Count).Where(_ => random.Next(2) == 0).ToList();
            if (random.Next(3) > 0 || shared.Count == 0)
            {
                shared.Insert(random.Next(shared.Count + 1), sizes.Count);
                sizes.Add(scope.Draft.AnyDim());
            }

            if (scope.Need([.. shared.Select(l => sizes[l])], ElementType.Float) is not { } made) return null;
            texts.Add(Labels(shared));
            operands.Add(made);
        }

        var result = Labels(Enumerable.Range(0, sizes.Count).Where(_ => random.Next(3) > 0).OrderBy(_ => random.Next()));
        return scope.Apply("einsum", Attributes.None.With(Attributes.Equation, new TextAttribute(string.Join(",", texts) + "->" + result)), [.. operands]);
    }

    private static string Labels(IEnumerable<int> labels) => new([.. labels.Select(l => (char)('a' + l))]);

    private static Known[]? Linear(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var wide = scope.Draft.AnyDim();
        var weight = scope.Need([wide, x.Type.Dims[^1]], x.Type.Element, kind: ParameterKind.Weight, chance: 3);
        return scope.Random.Next(2) == 0
            ? Call(scope, "linear", Attributes.None, x, weight)
            : Call(scope, "linear_bias", Attributes.None, x, weight, scope.Need([wide], x.Type.Element, kind: ParameterKind.Weight));
    }

    private static Known[]? Embedding(Scope scope)
    {
        var rows = scope.Draft.AnyDim();
        var ids = scope.Pick(k => scope.Fits(k, ElementType.Int64, "below " + rows) && k.Type.Rank > 0)
            ?? scope.Draft.Parameter(scope.Random.Next(2) == 0 ? [scope.Draft.AnyDim()] : [scope.Draft.AnyDim(), scope.Draft.AnyDim()], ElementType.Int64, "below " + rows);
        var weight = scope.Need([rows, scope.Draft.AnyDim()], ElementType.Float, kind: ParameterKind.Weight, chance: 1);
        return Call(scope, "embedding", scope.Random.Next(3) == 0 ? Attributes.None.With("padding_idx", 0) : Attributes.None, weight, ids);
    }

    /// <summary>Self attention over [B, T, M] or [B, h, T, d], written out or as one operator.</summary>
    private static Known[]? Attention(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank is 3 or 4) is not { } q) return null;
        var rank = q.Type.Rank;
        var keys = scope.Random.Next(2) == 0 ? q.Type.Dims : q.Type.Dims.SetItem(rank - 2, scope.Draft.AnyDim());
        if (scope.Need(keys, q.Type.Element) is not { } k || scope.Need(keys, q.Type.Element) is not { } v) return null;
        var causal = keys[rank - 2].Equals(q.Type.Dims[rank - 2]) && scope.Random.Next(2) == 0;
        if (scope.Random.Next(2) == 0)
            return scope.Apply("scaled_dot_product_attention", causal ? Attributes.None.With("is_causal", true) : Attributes.None, q, k, v);
        var scores = scope.One("transpose", Attributes.None.With("dim0", -2).With("dim1", -1), k) is { } turned ? scope.One("matmul", Attributes.None, q, turned) : null;
        var weights = scores is null ? null : scope.One("softmax", Attributes.None.With("dim", -1), scores);
        return Call(scope, "matmul", Attributes.None, weights, v);
    }

    private static Known[]? MaskedSoftmax(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var dim = Attributes.None.With("dim", scope.Random.Next(-x.Type.Rank, x.Type.Rank));
        return scope.Random.Next(2) == 0 ? scope.Apply("softmax", dim, x) : scope.Apply("log_softmax", dim, x);
    }

    /// <summary>A reduction with its broadcast back: x - mean(x), x / (sum(|x|) + 1).</summary>
    private static Known[]? Spread(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var over = Attributes.None.With("dims", Enumerable.Range(0, x.Type.Rank).Where(d => d == x.Type.Rank - 1 || scope.Random.Next(2) == 0).ToList()).With("keepdim", true);
        string[] reductions = ["mean", "sum", "amax", "amin", "logsumexp", "var"];
        var reduced = scope.One(reductions[scope.Random.Next(reductions.Length)], over, x);
        return Call(scope, scope.Random.Next(2) == 0 ? "sub" : "mul", Attributes.None, x, reduced);
    }

    private static Known[]? IndexedRows(Scope scope)
    {
        if (Along(scope) is not var (x, dim, _)) return null;
        var (along, below) = (Attributes.None.With("dim", Either(scope, x, dim)), "below " + x.Type.Dims[dim]);
        var count = scope.Draft.AnyDim();
        if (scope.Random.Next(2) == 0)
        {
            var indices = scope.Need([count], ElementType.Int64, below);
            return scope.Random.Next(2) == 0
                ? Call(scope, "index_select", along, x, indices)
                : Call(scope, "index_add", along, x, indices, scope.Need(x.Type.Dims.SetItem(dim, count), x.Type.Element));
        }

        var places = scope.Need(x.Type.Dims.SetItem(dim, count), ElementType.Int64, below);
        return scope.Random.Next(2) == 0
            ? Call(scope, "gather", along, x, places)
            : Call(scope, "scatter_add", along, x, places, scope.Need(x.Type.Dims.SetItem(dim, count), x.Type.Element));
    }

    private static Known[]? Norm(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank > 0) is not { } x) return null;
        var count = scope.Random.Next(1, Math.Min(3, x.Type.Rank + 1));
        var attributes = Attributes.None.With("dims", count).WithHost("eps", "1e-3");
        ImmutableArray<Dim> trailing = [.. x.Type.Dims.Skip(x.Type.Rank - count)];
        Known? Weight() => scope.Need(trailing, x.Type.Element, kind: ParameterKind.Weight);
        return scope.Random.Next(4) switch
        {
            0 => scope.Apply("layer_norm_plain", attributes, x),
            1 => Call(scope, "rms_norm", attributes, x, Weight()),
            _ => Call(scope, "layer_norm", attributes, x, Weight(), Weight()),
        };
    }

    private static Known[]? Loss(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank == 2) is not { } logits) return null;
        var targets = scope.Need([logits.Type.Dims[0]], ElementType.Int64, "below " + logits.Type.Dims[1]);
        var attributes = scope.Random.Next(2) == 0 ? Attributes.None.With("ignore_index", 0) : Attributes.None;
        if (scope.Random.Next(2) == 0) attributes = attributes.WithHost("label_smoothing", "0.1");
        return Call(scope, "cross_entropy", attributes, logits, targets);
    }

    /// <summary>The routing of a mixture of experts, there and back.</summary>
    private static Known[]? Gating(Scope scope)
    {
        if (scope.Pick(k => k.Value.IsDifferentiable && k.Type.Rank == 3) is not { } x) return null;
        var gate = scope.Need([x.Type.Dims[2], scope.Draft.AnyDim()], x.Type.Element, kind: ParameterKind.Weight);
        var logits = gate is null ? null : scope.One("matmul", Attributes.None, x, gate);
        var gates = logits is null ? null : scope.One("softmax", Attributes.None.With("dim", -1), logits);
        if (gates is null) return null;
        var routed = scope.Apply("top2_gating", Attributes.None.With("capacity", scope.Random.Next(1, 4)).WithHost("training", "true"), gates, SampleDraws.Key(scope));
        if (routed is null) return null;
        var sent = scope.One("einsum", Attributes.None.With(Attributes.Equation, new TextAttribute("gsec,gsm->egcm")), routed[1], x);
        return Call(scope, "einsum", Attributes.None.With(Attributes.Equation, new TextAttribute("egcm,gsec->gsm")), sent, routed[0]);
    }
}
