using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Sums of products, by enumerating every combination of labels.</summary>
internal static class ContractionKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        One("einsum", c => Einsum(c.Attributes.EquationText, [.. c.Operands.Cast<NdArray>()])),
        One("matmul", c => (c.X.Rank, c.Y.Rank) switch
        {
            (1, 1) => Einsum("k,k->", c.X, c.Y),
            (1, _) => Einsum("k,...kn->...n", c.X, c.Y),
            (_, 1) => Einsum("...mk,k->...m", c.X, c.Y),
            _ => Einsum("...mk,...kn->...mn", c.X, c.Y),
        }),
        One("bmm", c => Einsum("bmk,bkn->bmn", c.X, c.Y)),
        One("mm", c => Einsum("mk,kn->mn", c.X, c.Y)),
        One("mv", c => Einsum("mk,k->m", c.X, c.Y)),
        One("dot", c => Einsum("k,k->", c.X, c.Y)),
        One("outer", c => Einsum("i,j->ij", c.X, c.Y)),
        One("linear", c => Einsum("...i,oi->...o", c.X, c.Y)),
        One("linear_bias", c => PointwiseKernels.Broadcast([Einsum("...i,oi->...o", c.X, c.Y), c.Array(2)], v => v[0] + v[1])),
        One("scaled_dot_product_attention", Attention),
    ];

    public static NdArray Einsum(string equation, params NdArray[] operands)
    {
        var sides = equation.Replace(" ", "").Split("->");
        var labels = sides[0].Split(',');
        var most = labels.Select((l, i) => l.Contains("...") ? operands[i].Rank - (l.Length - 3) : 0).Max();
        string Spell(string text, int count) => text.Replace("...", string.Concat(Enumerable.Range(most - count, count).Select(i => (char)('0' + i))));
        labels = [.. labels.Select((l, i) => Spell(l, l.Contains("...") ? operands[i].Rank - (l.Length - 3) : 0))];
        var result = sides.Length > 1 ? Spell(sides[1], most) : new string([.. string.Concat(labels).GroupBy(c => c).Where(g => g.Count() == 1).Select(g => g.Key).Order()]);

        var sizes = new Dictionary<char, long>();
        for (var i = 0; i < operands.Length; i++)
        {
            for (var d = 0; d < labels[i].Length; d++)
            {
                sizes.TryGetValue(labels[i][d], out var known);
                if (known > 1 && operands[i].Shape[d] > 1 && known != operands[i].Shape[d]) throw new ArgumentException($"einsum {equation}: '{labels[i][d]}' is {known} and {operands[i].Shape[d]}.");
                sizes[labels[i][d]] = sizes.ContainsKey(labels[i][d]) && known != 1 ? known : operands[i].Shape[d];
            }
        }

        char[] all = [.. result, .. sizes.Keys.Where(c => !result.Contains(c))];
        var sum = NdArray.Zeros(result.Select(c => sizes[c]));
        foreach (var index in NdArray.Indices([.. all.Select(c => sizes[c])]))
        {
            var product = 1.0;
            for (var i = 0; i < operands.Length; i++)
                product *= operands[i].Broadcast([.. labels[i].Select(c => index[Array.IndexOf(all, c)])]);
            sum[index[..result.Length]] += product;
        }

        return sum;
    }

    private static NdArray Attention(KernelCall c)
    {
        var scores = Einsum("...qd,...kd->...qk", c.X, c.Y).Map(s => s * c.Host("scale", 1 / Math.Sqrt(c.X.Shape[^1])));
        if (c.Attributes.Flag("is_causal")) scores = NdArray.Fill(scores.Shape, i => i[^1] > i[^2] ? double.NegativeInfinity : scores[i]);
        if (c.Operands.Count > 3)
        {
            var mask = c.Array(3);
            var isTruth = mask.Data.All(v => v is 0 or 1);
            scores = NdArray.Fill(scores.Shape, i => isTruth ? mask.Broadcast(i) != 0 ? scores[i] : double.NegativeInfinity : scores[i] + mask.Broadcast(i));
        }

        return Einsum("...qk,...kv->...qv", NormalisationKernels.Softmax(scores, scores.Rank - 1), c.Array(2));
    }
}
