using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Recurrent layers, one direction each, from what their inputs contribute to the gates of every step. What does not depend on the step before
/// is computed for all steps at once.
/// </summary>
public static partial class Kernels
{
    /// <summary>Long short-term memory: <c>c = f·c + i·g</c>, <c>h = o·tanh(c)</c> with the gates in the order i, f, g, o.</summary>
    /// <param name="gates"><c>[T, B, 4H]</c>, biases included, without the state's part.</param>
    /// <param name="hidden">The first state, <c>[B, H]</c>.</param>
    /// <param name="cell">The first cells, <c>[B, H]</c>.</param>
    /// <param name="weight">The state's part of the gates, <c>[4H, H]</c>.</param>
    /// <param name="reverse">Whether the last step is taken first.</param>
    /// <returns>The states of all steps and the last state and cells; the gates and cells of all steps, for the backward.</returns>
    public static (Tensor y, Tensor hidden, Tensor cell, Tensor active, Tensor cells) Lstm(Tensor gates, Tensor hidden, Tensor cell, Tensor weight, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var (steps, width) = (gates.shape[0], hidden.shape[1]);
        var active = gates.clone();
        var y = empty([steps, .. hidden.shape], gates.dtype, gates.device);
        var cells = empty(y.shape, gates.dtype, gates.device);
        var transposed = weight.t();
        var (h, c) = (hidden, cell);
        foreach (var step in Steps(steps, reverse))
        {
            var row = active.select(0, step);
            row.addmm_(h, transposed);
            var (input, forget) = (row.narrow(1, 0, width), row.narrow(1, width, width));
            row.narrow(1, 0, 2 * width).sigmoid_();
            var candidate = row.narrow(1, 2 * width, width).tanh_();
            var output = row.narrow(1, 3 * width, width).sigmoid_();
            c = cells.select(0, step).copy_(c).mul_(forget).addcmul_(input, candidate, 1);
            h = y.select(0, step).copy_(c).tanh_().mul_(output);
        }

        return (y.MoveToOuterDisposeScope(), Last(h), Last(c), active.MoveToOuterDisposeScope(), cells.MoveToOuterDisposeScope());
    }

    /// <summary>The gradients of <see cref="Lstm"/>'s gates, <c>[T, B, 4H]</c>, and of its first state and cells, <c>[B, H]</c>.</summary>
    public static (Tensor dGates, Tensor dHidden, Tensor dCell) LstmBackward(
        Tensor dy, Tensor dHidden, Tensor dCell, Tensor active, Tensor cells, Tensor cell, Tensor weight, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var (steps, batch, width) = (cells.shape[0], cells.shape[1], cells.shape[2]);
        Tensor Gate(int index) => active.narrow(2, index * width, width);
        var (input, forget, candidate, output) = (Gate(0), Gate(1), Gate(2), Gate(3));
        var squashed = cells.tanh();
        var ofCell = output.mul(1 - squashed.square());
        var ofOutput = squashed.mul(output).mul(1 - output);
        var ofGates = stack([candidate.mul(input).mul(1 - input), Before(cells, cell, reverse).mul(forget).mul(1 - forget), input.mul(1 - candidate.square())], 2);
        var dGates = empty([steps, batch, 4, width], dy.dtype, dy.device);
        var (dh, dc) = (dHidden, dCell);
        foreach (var step in Steps(steps, !reverse))
        {
            var d = dy.select(0, step).add(dh);
            var dOwn = ofCell.select(0, step).mul(d).add_(dc);
            var row = dGates.select(0, step);
            row.narrow(1, 0, 3).copy_(ofGates.select(0, step)).mul_(dOwn.unsqueeze(1));
            row.select(1, 3).copy_(ofOutput.select(0, step)).mul_(d);
            (dh, dc) = (row.reshape(batch, 4 * width).mm(weight), dOwn.mul_(forget.select(0, step)));
        }

        return (dGates.reshape(steps, batch, 4 * width).MoveToOuterDisposeScope(), Last(dh), Last(dc));
    }

    /// <summary>Gated recurrent units: <c>h = n + z·(h − n)</c> with the gates in the order r, z, n, of which r scales the state's part of n.</summary>
    /// <param name="gates"><c>[T, B, 3H]</c>, the inputs' bias included, without the state's part.</param>
    /// <param name="hidden">The first state, <c>[B, H]</c>.</param>
    /// <param name="weight">The state's part of the gates, <c>[3H, H]</c>.</param>
    /// <param name="bias">Its bias, <c>[3H]</c>, or null.</param>
    /// <param name="reverse">Whether the last step is taken first.</param>
    /// <returns>The states of all steps and the last one; the gates and the state's part of n of all steps, for the backward.</returns>
    public static (Tensor y, Tensor hidden, Tensor active, Tensor inner) Gru(Tensor gates, Tensor hidden, Tensor weight, Tensor? bias, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var (steps, width) = (gates.shape[0], hidden.shape[1]);
        var active = gates.clone();
        var y = empty([steps, .. hidden.shape], gates.dtype, gates.device);
        var inner = empty(y.shape, gates.dtype, gates.device);
        var transposed = weight.t();
        var h = hidden;
        foreach (var step in Steps(steps, reverse))
        {
            var part = bias is null ? h.mm(transposed) : bias.addmm(h, transposed);
            var row = active.select(0, step);
            row.narrow(1, 0, 2 * width).add_(part.narrow(1, 0, 2 * width)).sigmoid_();
            var own = inner.select(0, step).copy_(part.narrow(1, 2 * width, width));
            var candidate = row.narrow(1, 2 * width, width).addcmul_(row.narrow(1, 0, width), own, 1).tanh_();
            h = y.select(0, step).copy_(h).sub_(candidate).mul_(row.narrow(1, width, width)).add_(candidate);
        }

        return (y.MoveToOuterDisposeScope(), Last(h), active.MoveToOuterDisposeScope(), inner.MoveToOuterDisposeScope());
    }

    /// <summary>The gradients of <see cref="Gru"/>'s gates and of the state's part of them, <c>[T, B, 3H]</c>, and of its first state, <c>[B, H]</c>.</summary>
    public static (Tensor dGates, Tensor dPart, Tensor dHidden) GruBackward(
        Tensor dy, Tensor dHidden, Tensor active, Tensor inner, Tensor y, Tensor hidden, Tensor weight, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var (steps, batch, width) = (y.shape[0], y.shape[1], y.shape[2]);
        Tensor Gate(int index) => active.narrow(2, index * width, width);
        var (reset, keep, candidate) = (Gate(0), Gate(1), Gate(2));
        var ofCandidate = (1 - keep).mul(1 - candidate.square());
        var ofReset = ofCandidate.mul(inner).mul(reset).mul(1 - reset);
        var ofKeep = Before(y, hidden, reverse).sub(candidate).mul(keep).mul(1 - keep);
        var ofPart = stack([ofReset, ofKeep, ofCandidate.mul(reset)], 2);
        var dPart = empty([steps, batch, 3, width], dy.dtype, dy.device);
        var states = empty(y.shape, dy.dtype, dy.device);
        var dh = dHidden;
        foreach (var step in Steps(steps, !reverse))
        {
            var d = states.select(0, step).copy_(dy.select(0, step)).add_(dh);
            var row = dPart.select(0, step).copy_(ofPart.select(0, step)).mul_(d.unsqueeze(1));
            dh = row.reshape(batch, 3 * width).mm(weight).addcmul_(d, keep.select(0, step), 1);
        }

        // Of the inputs' part only the last gate differs: there the reset gate does not come in between.
        var dGates = cat([dPart.narrow(2, 0, 2), ofCandidate.mul(states).unsqueeze(2)], 2);
        return (dGates.reshape(steps, batch, 3 * width).MoveToOuterDisposeScope(), dPart.reshape(steps, batch, 3 * width).MoveToOuterDisposeScope(), Last(dh));
    }

    /// <summary>A plain recurrent layer: the state is tanh, or the positive part, of what the inputs and the state before contribute.</summary>
    /// <param name="x"><c>[T, B, H]</c>, biases included, without the state's part.</param>
    /// <param name="hidden">The first state, <c>[B, H]</c>.</param>
    /// <param name="weight">The state's part, <c>[H, H]</c>.</param>
    /// <param name="relu">Whether it is the positive part.</param>
    /// <param name="reverse">Whether the last step is taken first.</param>
    public static (Tensor y, Tensor hidden) Rnn(Tensor x, Tensor hidden, Tensor weight, bool relu = false, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var y = x.clone();
        var transposed = weight.t();
        var h = hidden;
        foreach (var step in Steps(x.shape[0], reverse))
        {
            var row = y.select(0, step);
            row.addmm_(h, transposed);
            h = relu ? row.relu_() : row.tanh_();
        }

        return (y.MoveToOuterDisposeScope(), Last(h));
    }

    /// <summary>The gradients of <see cref="Rnn"/>'s input, <c>[T, B, H]</c>, and of its first state, <c>[B, H]</c>.</summary>
    public static (Tensor dx, Tensor dHidden) RnnBackward(Tensor dy, Tensor dHidden, Tensor y, Tensor weight, bool relu = false, bool reverse = false)
    {
        using var scope = NewDisposeScope();
        var slope = relu ? y.gt(0).to_type(y.dtype) : 1 - y.square();
        var dx = empty(y.shape, dy.dtype, dy.device);
        var dh = dHidden;
        foreach (var step in Steps(y.shape[0], !reverse)) dh = dx.select(0, step).copy_(dy.select(0, step)).add_(dh).mul_(slope.select(0, step)).mm(weight);
        return (dx.MoveToOuterDisposeScope(), Last(dh));
    }

    private static IEnumerable<long> Steps(long count, bool reverse)
    {
        for (var i = 0L; i < count; i++) yield return reverse ? count - 1 - i : i;
    }

    /// <summary>What each step found: the values of the step before it, the first ones before the first step.</summary>
    private static Tensor Before(Tensor values, Tensor first, bool reverse)
    {
        var rest = values.narrow(0, reverse ? 1 : 0, values.shape[0] - 1);
        return cat(reverse ? [rest, first.unsqueeze(0)] : [first.unsqueeze(0), rest], 0);
    }

    // A view of the steps, or what was given where there are none.
    private static Tensor Last(Tensor state) => state.clone().MoveToOuterDisposeScope();
}
