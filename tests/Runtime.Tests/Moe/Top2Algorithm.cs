namespace GShard.Runtime.Tests;

/// <summary>Algorithm 1 of the paper, literally: one group, tokens in order, scalars.</summary>
internal static class Top2Algorithm
{
    /// <summary>combine [S, E, C] flat, and the group's loss as printed.</summary>
    public static (double[] Combine, double AuxLoss) Group(double[,] g, int capacity, Func<int, double>? uniform, SlotRule rule)
    {
        var (tokens, experts) = (g.GetLength(0), g.GetLength(1));
        var combine = new double[tokens * experts * capacity];
        var count = new int[experts];
        var e1 = new int[tokens];
        var e2 = new int[tokens];
        var g1 = new double[tokens];
        var g2 = new double[tokens];

        for (var s = 0; s < tokens; s++)
        {
            var order = Enumerable.Range(0, experts).OrderByDescending(e => g[s, e]).ThenBy(e => e).ToArray();
            (e1[s], e2[s]) = (order[0], order[1]);
            (g1[s], g2[s]) = (g[s, e1[s]] / (g[s, e1[s]] + g[s, e2[s]]), g[s, e2[s]] / (g[s, e1[s]] + g[s, e2[s]]));
            var c = count[e1[s]];
            if (c < capacity) combine[(((s * experts) + e1[s]) * capacity) + c] = g1[s];
            count[e1[s]] = c + 1;
        }

        var aux = 0.0;
        for (var e = 0; e < experts; e++)
        {
            var mean = Enumerable.Range(0, tokens).Sum(s => g[s, e]) / tokens;
            aux += (double)count[e] / tokens * mean;
        }
        aux /= experts;

        for (var s = 0; s < tokens; s++)
        {
            var c = count[e2[s]];
            var lucky = uniform is null || 2 * g2[s] > uniform(s);
            if (c < capacity && lucky) combine[(((s * experts) + e2[s]) * capacity) + c] = g2[s];
            if (lucky || rule == SlotRule.Literal) count[e2[s]] = c + 1;
        }
        return (combine, aux);
    }
}
