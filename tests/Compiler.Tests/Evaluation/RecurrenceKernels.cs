namespace GShard.Compiler.Tests.Evaluation;

/// <summary>Recurrent layers, unit by unit.</summary>
internal static class RecurrenceKernels
{
    public static IEnumerable<(string, Func<KernelCall, object?[]>)> All =>
    [
        ("lstm", Lstm), ("lstm_backward", LstmBackward), ("gru", Gru), ("gru_backward", GruBackward), ("rnn", Rnn), ("rnn_backward", RnnBackward),
    ];

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static NdArray Copy(NdArray x) => new(x.Shape, [.. x.Data]);

    private static IEnumerable<long> Steps(KernelCall c, long count, bool fromTheEnd = false) =>
        Enumerable.Range(0, (int)count).Select(i => c.Attributes.Flag("reverse") != fromTheEnd ? count - 1 - i : i);

    /// <summary>What the state contributes to a gate of a sequence.</summary>
    private static double Part(NdArray weight, NdArray state, long sequence, long gate) => Enumerable.Range(0, (int)weight.Shape[1]).Sum(k => weight[gate, k] * state[sequence, k]);

    /// <summary>What the gates of a step hand back to a unit of the state.</summary>
    private static double Back(NdArray weight, NdArray gates, long step, long sequence, long unit) => Enumerable.Range(0, (int)weight.Shape[0]).Sum(g => weight[g, unit] * gates[step, sequence, g]);

    private static IEnumerable<(long Sequence, long Unit)> Units(NdArray state) => NdArray.Indices(state.Shape).Select(i => (i[0], i[1]));

    private static object?[] Lstm(KernelCall c)
    {
        var (h, cell, weight) = (Copy(c.Y), Copy(c.Array(2)), c.Array(3));
        var (steps, n) = (c.X.Shape[0], h.Shape[1]);
        var (active, y, cells) = (Copy(c.X), NdArray.Zeros([steps, .. h.Shape]), NdArray.Zeros([steps, .. h.Shape]));
        foreach (var t in Steps(c, steps))
        {
            var before = Copy(h);
            foreach (var (b, k) in Units(h))
            {
                double Gate(int g) => c.X[t, b, g * n + k] + Part(weight, before, b, g * n + k);
                double[] gates = [Sigmoid(Gate(0)), Sigmoid(Gate(1)), Math.Tanh(Gate(2)), Sigmoid(Gate(3))];
                for (var g = 0; g < 4; g++) active[t, b, g * n + k] = gates[g];
                cells[t, b, k] = cell[b, k] = gates[1] * cell[b, k] + gates[0] * gates[2];
                y[t, b, k] = h[b, k] = gates[3] * Math.Tanh(cell[b, k]);
            }
        }

        return [y, h, cell, active, cells];
    }

    private static object?[] LstmBackward(KernelCall c)
    {
        var (dy, dh, dc, active, cells, first, weight) = (c.X, Copy(c.Y), Copy(c.Array(2)), c.Array(3), c.Array(4), c.Array(5), c.Array(6));
        var (steps, n) = (dy.Shape[0], dy.Shape[2]);
        var dGates = NdArray.Zeros(active.Shape);
        var order = Steps(c, steps, fromTheEnd: true).ToList();
        for (var at = 0; at < order.Count; at++)
        {
            var t = order[at];
            foreach (var (b, k) in Units(dh))
            {
                double A(int g) => active[t, b, g * n + k];
                var (d, squashed) = (dy[t, b, k] + dh[b, k], Math.Tanh(cells[t, b, k]));
                var own = dc[b, k] + d * A(3) * (1 - squashed * squashed);
                var before = at + 1 < order.Count ? cells[order[at + 1], b, k] : first[b, k];
                dGates[t, b, k] = own * A(2) * A(0) * (1 - A(0));
                dGates[t, b, n + k] = own * before * A(1) * (1 - A(1));
                dGates[t, b, 2 * n + k] = own * A(0) * (1 - A(2) * A(2));
                dGates[t, b, 3 * n + k] = d * squashed * A(3) * (1 - A(3));
                dc[b, k] = own * A(1);
            }

            foreach (var (b, k) in Units(dh)) dh[b, k] = Back(weight, dGates, t, b, k);
        }

        return [dGates, dh, dc];
    }

    private static object?[] Gru(KernelCall c)
    {
        var (h, weight) = (Copy(c.Y), c.Array(2));
        var (steps, n) = (c.X.Shape[0], h.Shape[1]);
        var (active, y, inner) = (Copy(c.X), NdArray.Zeros([steps, .. h.Shape]), NdArray.Zeros([steps, .. h.Shape]));
        foreach (var t in Steps(c, steps))
        {
            var before = Copy(h);
            foreach (var (b, k) in Units(h))
            {
                double State(int g) => Part(weight, before, b, g * n + k) + (c.Operands.Count > 3 ? c.Array(3)[g * n + k] : 0);
                var (r, z) = (Sigmoid(c.X[t, b, k] + State(0)), Sigmoid(c.X[t, b, n + k] + State(1)));
                inner[t, b, k] = State(2);
                var candidate = Math.Tanh(c.X[t, b, 2 * n + k] + r * State(2));
                (active[t, b, k], active[t, b, n + k], active[t, b, 2 * n + k]) = (r, z, candidate);
                y[t, b, k] = h[b, k] = (1 - z) * candidate + z * before[b, k];
            }
        }

        return [y, h, active, inner];
    }

    private static object?[] GruBackward(KernelCall c)
    {
        var (dy, dh, active, inner, y, first, weight) = (c.X, Copy(c.Y), c.Array(2), c.Array(3), c.Array(4), c.Array(5), c.Array(6));
        var (steps, n) = (dy.Shape[0], dy.Shape[2]);
        var (dGates, dPart) = (NdArray.Zeros(active.Shape), NdArray.Zeros(active.Shape));
        var order = Steps(c, steps, fromTheEnd: true).ToList();
        for (var at = 0; at < order.Count; at++)
        {
            var t = order[at];
            var kept = Copy(dh);
            foreach (var (b, k) in Units(dh))
            {
                var (d, r, z, candidate) = (dy[t, b, k] + dh[b, k], active[t, b, k], active[t, b, n + k], active[t, b, 2 * n + k]);
                var before = at + 1 < order.Count ? y[order[at + 1], b, k] : first[b, k];
                var dCandidate = d * (1 - z) * (1 - candidate * candidate);
                dGates[t, b, k] = dPart[t, b, k] = dCandidate * inner[t, b, k] * r * (1 - r);
                dGates[t, b, n + k] = dPart[t, b, n + k] = d * (before - candidate) * z * (1 - z);
                (dGates[t, b, 2 * n + k], dPart[t, b, 2 * n + k], kept[b, k]) = (dCandidate, dCandidate * r, d * z);
            }

            foreach (var (b, k) in Units(dh)) dh[b, k] = kept[b, k] + Back(weight, dPart, t, b, k);
        }

        return [dGates, dPart, dh];
    }

    private static object?[] Rnn(KernelCall c)
    {
        var (h, y) = (Copy(c.Y), Copy(c.X));
        foreach (var t in Steps(c, y.Shape[0]))
        {
            var before = Copy(h);
            foreach (var (b, k) in Units(h))
            {
                var sum = c.X[t, b, k] + Part(c.Array(2), before, b, k);
                y[t, b, k] = h[b, k] = c.Attributes.Flag("relu") ? Math.Max(sum, 0) : Math.Tanh(sum);
            }
        }

        return [y, h];
    }

    private static object?[] RnnBackward(KernelCall c)
    {
        var (dy, dh, y, weight) = (c.X, Copy(c.Y), c.Array(2), c.Array(3));
        var dx = NdArray.Zeros(dy.Shape);
        foreach (var t in Steps(c, dy.Shape[0], fromTheEnd: true))
        {
            foreach (var (b, k) in Units(dh)) dx[t, b, k] = (dy[t, b, k] + dh[b, k]) * (c.Attributes.Flag("relu") ? y[t, b, k] > 0 ? 1 : 0 : 1 - y[t, b, k] * y[t, b, k]);
            foreach (var (b, k) in Units(dh)) dh[b, k] = Back(weight, dx, t, b, k);
        }

        return [dx, dh];
    }
}
