using System.Collections.Immutable;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>
/// The shardings of an operation's tensors, dim by dim, seen as shardings of its factors, as in Shardy. A dim hands its axes, major to
/// minor, to its factors; a factor that others follow takes of each axis what divides the rest of its size (a sub-axis where that is
/// less than the whole); what it cannot take is overflow and leaves the later factors of the dim empty. The last factor takes anything.
/// </summary>
internal sealed class FactorProjection
{
    private readonly List<AxisPart> merged = [];
    private FactorSplit[] splits = [];
    private long?[] sizes = [];
    private List<AxisPart>[] unmapped = [];
    private double[] elements = [];

    /// <summary>The rule that is projected onto.</summary>
    public FactorRule Rule { get; private set; } = null!;

    /// <summary>The mesh of all the operation's tensors.</summary>
    public Mesh Mesh { get; private set; } = Mesh.Empty;

    /// <summary>Number of operands.</summary>
    public int Operands { get; private set; }

    /// <summary>Number of operands and results.</summary>
    public int Tensors { get; private set; }

    /// <summary>Number of factors.</summary>
    public int Factors { get; private set; }

    /// <summary>How a tensor splits a factor.</summary>
    public FactorSplit this[int tensor, int factor] => splits[tensor * Factors + factor];

    /// <summary>A factor's size; null where it is symbolic.</summary>
    public long? SizeOf(int factor) => sizes[factor];

    /// <summary>Number of elements of a tensor, at nominal sizes where true ones are unknown.</summary>
    public double Elements(int tensor) => elements[tensor];

    /// <summary>Axes that a tensor uses on dims without a factor, keeps replicated, or is partial over.</summary>
    public List<AxisPart> Reserved(int tensor) => unmapped[tensor];

    /// <summary>Projects the tensors of an operation.</summary>
    public void Load(PropagationOperation operation, FactorRule rule, Mesh mesh, ValueState[] values)
    {
        (Rule, Mesh) = (rule, mesh);
        Operands = operation.Operands.Length;
        (Tensors, Factors) = (Operands + operation.Results.Length, rule.Factors.Length);
        Reserve();
        for (var factor = 0; factor < Factors; factor++) sizes[factor] = rule.Factors[factor].Size.Value;
        for (var tensor = 0; tensor < Tensors; tensor++) LoadTensor(tensor, FactorsOf(tensor), values[operation.Tensor(tensor)]);
    }

    /// <summary>A tensor's dims as the rule sees them.</summary>
    public ImmutableArray<ImmutableArray<int>> FactorsOf(int tensor) =>
        (tensor < Operands ? Rule.Operands[tensor] : Rule.Results[tensor - Operands]).Dims;

    /// <summary>
    /// The axes of a dim after its factors were split further: the factors' axes side by side, as far as every factor that others
    /// follow is split completely. The list is reused by the next call.
    /// </summary>
    public List<AxisPart> AxesOf(int tensor, int dim)
    {
        merged.Clear();
        var factors = FactorsOf(tensor)[dim];
        for (var i = 0; i < factors.Length; i++)
        {
            var split = this[tensor, factors[i]];
            if (split.Dim != dim) break;
            foreach (var part in split.Axes) AxisList.Append(merged, part);
            foreach (var part in split.Overflow) AxisList.Append(merged, part);
            if (split.Overflow.Count > 0 || (i < factors.Length - 1 && !IsFull(split, sizes[factors[i]]))) break;
        }

        return merged;
    }

    /// <summary>How much of <paramref name="part"/> fits on a factor that others follow, of which <paramref name="room"/> is left (null: unknown, anything fits).</summary>
    public static AxisPart? Fit(AxisPart part, ref long? room)
    {
        if (room is null || !part.IsSized)
        {
            if (room == 1) return null;
            room = null;
            return part;
        }

        var size = AxisPart.GreatestCommonDivisor(room.Value, part.Size);
        if (size == 1 && part.Size != 1) return null;
        room /= size;
        return size == part.Size ? part : part.Major(size);
    }

    private static bool IsFull(FactorSplit split, long? size)
    {
        var room = size;
        foreach (var part in split.Axes)
            if (Fit(part, ref room) != part) return false;
        return room == 1;
    }

    private void LoadTensor(int tensor, ImmutableArray<ImmutableArray<int>> dims, ValueState state)
    {
        elements[tensor] = state.Elements;
        unmapped[tensor].Clear();
        unmapped[tensor].AddRange(state.Reserved);
        for (var factor = 0; factor < Factors; factor++) this[tensor, factor].Clear();
        for (var dim = 0; dim < dims.Length; dim++)
        {
            if (dims[dim].IsEmpty || this[tensor, dims[dim][0]].Dim >= 0) unmapped[tensor].AddRange(state.Axes[dim]);
            else LoadDim(tensor, dim, dims[dim], state);
        }
    }

    private void LoadDim(int tensor, int dim, ImmutableArray<int> factors, ValueState state)
    {
        var axes = state.Axes[dim];
        var next = 0;
        AxisPart? pending = axes.Count > 0 ? axes[0] : null;
        var overflown = false;
        for (var i = 0; i < factors.Length; i++)
        {
            var split = this[tensor, factors[i]];
            split.Dim = dim;
            split.IsLast = i == factors.Length - 1;
            split.IsClosed = state.Closed[dim] || overflown;
            var room = sizes[factors[i]];
            while (pending is { } part && !overflown)
            {
                var taken = split.IsLast ? part : Fit(part, ref room);
                if (taken is { } fits) AxisList.Append(split.Axes, fits);
                if (taken == part)
                {
                    pending = ++next < axes.Count ? axes[next] : null;
                    continue;
                }

                if (taken is { } piece) pending = part.After(piece.Size);
                overflown = room != 1;
                break;
            }

            if (!overflown || split.Overflow.Count > 0 || pending is null) continue;
            split.Overflow.Add(pending.Value);
            while (++next < axes.Count) split.Overflow.Add(axes[next]);
            pending = null;
        }
    }

    private void Reserve()
    {
        if (sizes.Length < Factors) sizes = new long?[Factors];
        if (elements.Length < Tensors) elements = new double[Tensors];
        var filled = splits.Length;
        if (filled < Tensors * Factors) Array.Resize(ref splits, Tensors * Factors);
        for (; filled < splits.Length; filled++) splits[filled] = new();
        filled = unmapped.Length;
        if (filled < Tensors) Array.Resize(ref unmapped, Tensors);
        for (; filled < unmapped.Length; filled++) unmapped[filled] = [];
    }
}
