using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Passes;

/// <summary>
/// In whole multiples of what each split dim is cut. A dim that a reshape makes of several factors is cut where its leading factor is:
/// <c>B*T</c> of a split <c>B</c> in multiples of <c>T</c>, which for an uneven <c>B</c> is not where <c>B*T</c> in equal chunks ends. One cut
/// holds for a dim and its major axis in the forward and backward of a method; an operation that needs another is given what lies
/// between the two (<see cref="Recuts"/>). What enters and leaves a method, or a device for another, is cut in equal chunks.
/// <code>
/// before  flat: float[B*T@data,M] = reshape(x: float[B@data,T,M])   part: float[B*T@data,M] = slice[data, dim=0](z)
/// after                                                             part: float[B*T@data,M] = slice[data, dim=0, granule=T](z)
/// </code>
/// </summary>
public sealed class Granules
{
    private readonly Dictionary<(Dim Size, string Axis), Dim> known = [];
    private readonly List<Merge> merges = [];
    private bool isRecut;

    private Granules()
    {
    }

    /// <summary>No dim is merged: every cut is in equal chunks.</summary>
    public static Granules None { get; } = new();

    /// <summary>The granule of a dim that is split over axes, major first; 1 where it is cut in equal chunks.</summary>
    public Dim Of(Dim size, ImmutableArray<AxisRef> axes) => axes.IsEmpty ? Dim.One : Of(size, axes[0].Name);

    /// <summary>The granules of a program: those that the reshapes ask for, and none for dims of weights, arguments and results.</summary>
    internal static Granules Of(Function forward, Function? backward)
    {
        var granules = new Granules();
        foreach (var operation in forward.Body.AllOperations.Concat(backward?.Body.AllOperations ?? [])) granules.merges.AddRange(Merges(operation).Select(m => m.Merge));
        if (granules.merges.Count == 0) return granules;
        foreach (var value in forward.Parameters.Select(p => p.Value).Concat(forward.Results)) granules.Given(value);
        // Parts that are sent from device to device as they are must be alike too.
        foreach (var operation in forward.Body.AllOperations.Where(o => o.Name is "call" or "collective_permute"))
            foreach (var value in operation.Operands.Concat(operation.Results)) granules.Given(value);
        granules.Solve();
        granules.isRecut = granules.merges.Any(granules.IsCutOtherwise);
        return granules;
    }

    /// <summary>The tensors of an operation, and their dims, that it takes or makes cut otherwise than they are everywhere else.</summary>
    internal IEnumerable<Recut> Recuts(Operation operation) => isRecut
        ? Merges(operation).Where(m => IsCutOtherwise(m.Merge))
            .Select(m => new Recut(m.Value, m.Dim, Of(m.Merge.Whole, m.Merge.Axis), Of(m.Merge.Leading, m.Merge.Axis) * m.Merge.Rest)).Distinct()
        : [];

    private bool IsCutOtherwise(Merge merge) => !Of(merge.Whole, merge.Axis).Equals(Of(merge.Leading, merge.Axis) * merge.Rest);

    private Dim Of(Dim size, string axis) => known.TryGetValue((size, axis), out var granule) ? granule : Dim.One;

    private void Given(Value value)
    {
        if (value.Type is not TensorType type) return;
        for (var dim = 0; dim < type.Rank; dim++)
            if (type.Sharding.Dims[dim].Axes is [var major, ..]) known[(type.Dims[dim], major.Name)] = Dim.One;
    }

    private static IEnumerable<(Value Value, int Dim, Merge Merge)> Merges(Operation operation)
    {
        var tensors = operation.Operands.Concat(operation.Results).Where(v => v.Type is TensorType).ToList();
        if (!tensors.Any(v => v.Tensor.Sharding.Dims.Any(d => !d.Axes.IsEmpty)) || OperatorTable.Find(operation.Name) is not { } definition) yield break;
        var rule = OperatorSignature.Infer(definition, OperatorCall.Of(operation)).Rule;
        foreach (var (value, factors) in tensors.Zip(rule.Tensors, (value, factors) => (value, factors)))
            for (var dim = 0; dim < factors.Dims.Length; dim++)
            {
                var axes = value.Tensor.Sharding.Dims[dim].Axes;
                if (axes.IsEmpty || factors.Dims[dim].Length < 2) continue;
                var sizes = factors.Dims[dim].Select(f => rule.Factors[f].Size).ToList();
                yield return (value, dim, new Merge(value.Tensor.Dims[dim], sizes[0], Dim.Product(sizes.Skip(1)), axes));
            }
    }

    /// <summary>Cuts follow from each other through the merges, either way; what none fixes is cut in equal chunks, the smallest dim first.</summary>
    private void Solve()
    {
        var cuts = merges.SelectMany(m => new[] { (m.Leading, m.Axis), (m.Whole, m.Axis) }).Distinct()
            .OrderBy(c => NominalSize.Of(c.Item1)).ToList();
        while (true)
        {
            while (merges.Any(Follow))
            {
            }

            var open = cuts.Where(c => !known.ContainsKey(c)).ToList();
            if (open.Count == 0) return;
            known[open[0]] = Dim.One;
        }
    }

    private bool Follow(Merge merge)
    {
        var (whole, leading) = ((merge.Whole, merge.Axis), (merge.Leading, merge.Axis));
        if (known.TryGetValue(leading, out var part) == known.TryGetValue(whole, out var granule)) return false;
        if (part is not null)
        {
            known[whole] = part * merge.Rest;
            return true;
        }

        var quotient = granule / merge.Rest;
        if (!quotient.Terms.All(t => t.Factors.All(f => f.Power > 0 && f.Symbol[0] != '('))) return false;
        known[leading] = quotient;
        return true;
    }

    /// <summary>A split dim made of a leading factor and the rest.</summary>
    internal sealed record Merge(Dim Whole, Dim Leading, Dim Rest, ImmutableArray<AxisRef> Axes)
    {
        public string Axis => Axes[0].Name;
    }
    /// <summary>A dim of a value that is cut in multiples of one size, and needed in multiples of another.</summary>
    internal sealed record Recut(Value Value, int Dim, Dim Own, Dim Needed);
}
