using static GShard.Compiler.Tests.Evaluation.Kernels;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Top-2 gating: algorithm 1 of the GShard paper, token by token.</summary>
internal static class MixtureKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        ("top2_gating", Forward),
        One("top2_gating_backward", Backward),
    ];

    private sealed record Choice(long Group, long Token, long Expert, long Other, long Slot);

    private sealed record Saved(NdArray Gates, List<Choice> Choices, NdArray FirstShare, double AuxScale);

    private static object?[] Forward(KernelCall c)
    {
        var gates = c.X;
        var (groups, tokens, experts, capacity) = (gates.Shape[0], gates.Shape[1], gates.Shape[2], c.Size("capacity"));
        var (allGroups, offset) = (c.Size("groups", groups), c.Size("offset", 0));
        var combine = NdArray.Zeros([groups, tokens, experts, capacity]);
        var dispatch = NdArray.Zeros(combine.Shape);
        var share = NdArray.Zeros([groups, experts]);
        var choices = new List<Choice>();
        for (long g = 0; g < groups; g++)
        {
            var used = new long[experts];
            var ranked = Enumerable.Range(0, (int)tokens).Select(s => Enumerable.Range(0, (int)experts).OrderByDescending(e => gates[g, s, e]).Take(2).ToArray()).ToList();
            for (var s = 0; s < tokens; s++)
            {
                share[g, ranked[s][0]] += 1.0 / tokens;
                if (used[ranked[s][0]] < capacity) choices.Add(new(g, s, ranked[s][0], ranked[s][1], used[ranked[s][0]]++));
            }

            for (var s = 0; s < tokens; s++)
            {
                var (first, second) = (gates[g, s, ranked[s][0]], gates[g, s, ranked[s][1]]);
                var draw = c.Truth("training", true) ? RandomKernels.Uniform((long)c.Operands[1]!, [g, s], [allGroups, tokens], [offset, 0]) : -1;
                if (2 * second / (first + second) > draw && used[ranked[s][1]] < capacity) choices.Add(new(g, s, ranked[s][1], ranked[s][0], used[ranked[s][1]]++));
            }
        }

        foreach (var (g, s, e, other, slot) in choices)
        {
            combine[g, s, e, slot] = gates[g, s, e] / (gates[g, s, e] + gates[g, s, other]);
            dispatch[g, s, e, slot] = 1;
        }

        var scale = (double)experts / tokens / allGroups;
        var aux = 0.0;
        foreach (var i in NdArray.Indices(gates.Shape)) aux += scale * share[i[0], i[2]] * gates[i];
        return [combine, dispatch, NdArray.Scalar(aux), new Saved(gates, choices, share, scale)];
    }

    private static NdArray Backward(KernelCall c)
    {
        var (gates, choices, share, scale) = (Saved)c.Operands[0]!;
        var (dCombine, dAux) = (c.Array(1), c.Array(2)[[]]);
        var result = NdArray.Fill(gates.Shape, i => dAux * scale * share[i[0], i[2]]);
        foreach (var (g, s, e, other, slot) in choices)
        {
            var (mine, theirs) = (gates[g, s, e], gates[g, s, other]);
            var d = dCombine[g, s, e, slot] / ((mine + theirs) * (mine + theirs));
            result[g, s, e] += d * theirs;
            result[g, s, other] -= d * mine;
        }

        return result;
    }
}
