using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Partitioning;

/// <summary>The shardings that an operation's tensor operands shall have, and those that its results then have.</summary>
/// <param name="Operands">Per tensor operand.</param>
/// <param name="Results">Per tensor result.</param>
/// <param name="IsLowered">Whether a split form was chosen on some axis, so that the operator is to be expanded.</param>
internal sealed record CombinationChoice(ImmutableArray<TensorSharding> Operands, ImmutableArray<TensorSharding> Results, bool IsLowered)
{
    /// <summary>
    /// Chooses, axis by axis, the legal combination with the least to pay: reshards of operands from where they lie, of results to where they
    /// are wanted, and the computation itself where it is known what is wanted. Among equals the one wins that gives what is wanted, then the one that moves fewest operands.
    /// </summary>
    public static CombinationChoice Choose(Mesh mesh, OperatorSignature signature, OperatorCall call, ImmutableArray<TensorSharding> wanted, ImmutableHashSet<Value> weights)
    {
        var given = call.Operands.Where(o => o.Type is TensorType).ToImmutableArray();
        var tensors = given.Select(o => o.Tensor).ToImmutableArray();
        ImmutableArray<bool> areWeights = [.. given.Select(weights.Contains)];
        var results = signature.Results.OfType<TensorType>().ToImmutableArray();
        var combinations = PlacementRules.Of(signature);
        var flops = wanted.IsEmpty ? Dim.Zero : signature.Definition.Flops(call, signature.Rule);
        var lowering = signature.Definition.Lowering;
        ImmutableArray<PlacementCombination> forms = lowering is null ? []
            : [.. lowering.Forms(call, signature.Rule).Select(f => new PlacementCombination(f.Operands, f.Results, 0) { Form = f })];
        // A dim of size 1 has nothing to split; where it is split all the same, it may stay so: what looks through a window cannot be moved.
        // What is made from nothing is made where it is wanted: a cotangent of zeros lies as its value.
        bool IsThere(PlacementCombination c) => tensors.IsEmpty
            ? Enumerable.Range(0, Math.Min(results.Length, wanted.Length)).Any(i => c.Results[i].Kind == PlacementKind.Split && !wanted[i].Dims[c.Results[i].Dim].Axes.IsEmpty)
            : Enumerable.Range(0, tensors.Length).Any(i => c.Operands[i].Kind == PlacementKind.Split && !tensors[i].Sharding.Dims[c.Operands[i].Dim].Axes.IsEmpty);
        combinations = combinations.RemoveAll(c => c.Factor >= 0 && c.Form is null && signature.Rule.Factors[c.Factor].Size.IsOne && !IsThere(c));
        var chosen = Each(combinations);

        // The parts of an expanded operator are not all linear: its operands are complete.
        if (chosen.Any(c => c.Form is not null)) chosen = Each(combinations.RemoveAll(c => c.Operands.Any(o => o.Kind == PlacementKind.Partial)));

        var order = Order(mesh, chosen, tensors, wanted);
        return new(
            [.. tensors.Select((t, i) => Combine(mesh, t.Rank, order, axis => chosen[axis].Operands[i]))],
            [.. results.Select((t, i) => Combine(mesh, t.Rank, order, axis => chosen[axis].Results[i]))],
            chosen.Any(c => c.Form is not null));

        List<PlacementCombination> Each(ImmutableArray<PlacementCombination> legal)
        {
            var best = new List<PlacementCombination>(mesh.Axes.Length);
            foreach (var axis in mesh.Axes)
            {
                var possible = forms.Where(f => !lowering!.OneAxis || best.All(c => c.Form?.Meets(f.Form!) != true));
                best.Add(Best(axis, [.. legal, .. possible], flops, tensors, areWeights, results, wanted));
            }

            return best;
        }
    }

    private static PlacementCombination Best(
        MeshAxis axis, ImmutableArray<PlacementCombination> combinations, Dim flops, ImmutableArray<TensorType> operands, ImmutableArray<bool> areWeights, ImmutableArray<TensorType> results, ImmutableArray<TensorSharding> wanted)
    {
        // Where operands lie split together over a contracted factor, the product is of parts, as the paper's second case: none is gathered.
        if (combinations.Any(c => IsContraction(c) && Moves(c).All(m => m.From.Equals(m.To))))
            combinations = combinations.RemoveAll(c => Moves(c).Any(m => m.From.Kind == PlacementKind.Split && m.To.Kind == PlacementKind.Replicated));

        // A weight is split in order not to stand whole on every rank: it stays so where no operand has to move for it.
        bool KeepsWeights(PlacementCombination c) => Enumerable.Range(0, operands.Length).All(i =>
            operands[i].Sharding.On(axis.Name) is var from && (areWeights[i] && from.Kind == PlacementKind.Split ? from.Equals(c.Operands[i]) : ReshardCost.Of(operands[i], from, c.Operands[i], axis) == 0));
        if (Enumerable.Range(0, operands.Length).Any(i => areWeights[i] && operands[i].Sharding.On(axis.Name).Kind == PlacementKind.Split) && combinations.Any(KeepsWeights))
            combinations = combinations.RemoveAll(c => !KeepsWeights(c));
        var best = combinations[0];
        (double Cost, int Missed, int Moved) least = (double.PositiveInfinity, 0, 0);
        foreach (var combination in combinations)
        {
            var cost = ReshardCost.OfCompute(flops, combination.Factor >= 0, axis) + (combination.Form is { } form ? ReshardCost.OfExchange(form, operands[0].Element, axis) : 0);
            int missed = 0, moved = 0;
            for (var i = 0; i < operands.Length; i++)
            {
                var from = operands[i].Sharding.On(axis.Name);
                cost += ReshardCost.Of(operands[i], from, combination.Operands[i], axis);
                if (!from.Equals(combination.Operands[i])) moved++;
            }

            for (var i = 0; i < results.Length && i < wanted.Length; i++)
            {
                var to = wanted[i].On(axis.Name);
                cost += ReshardCost.OfResult(results[i], combination.Results[i], to, axis);
                if (!to.Equals(combination.Results[i])) missed++;
            }

            var score = (cost, missed, moved);
            if (score.CompareTo(least) < 0) (best, least) = (combination, score);
        }

        return best;

        IEnumerable<(Placement From, Placement To)> Moves(PlacementCombination combination) =>
            operands.Select((o, i) => (o.Sharding.On(axis.Name), combination.Operands[i]));

        static bool IsContraction(PlacementCombination combination) =>
            combination.Form is null && combination.Operands.Count(p => p.Kind == PlacementKind.Split) > 1 && combination.Results.All(p => p.Kind == PlacementKind.Partial);
    }

    /// <summary>
    /// The axes in the order in which they cut: those of one combination as an operand has them, else as a result is wanted, else as the mesh
    /// has them. All tensors of the call take the one order, or ranks would hold different parts of a factor.
    /// </summary>
    private static ImmutableArray<int> Order(Mesh mesh, List<PlacementCombination> chosen, ImmutableArray<TensorType> operands, ImmutableArray<TensorSharding> wanted)
    {
        IEnumerable<int> Of(IGrouping<PlacementCombination, int> axes)
        {
            var names = axes.Select(axis => mesh.Axes[axis].Name).ToList();
            return operands.Select((o, i) => (Placement: axes.Key.Operands[i], o.Sharding)).Concat(wanted.Select((w, i) => (Placement: axes.Key.Results[i], Sharding: w)))
                .Where(t => t.Placement.Kind == PlacementKind.Split)
                .Select(t => t.Sharding.Dims[t.Placement.Dim].Axes.Select(a => a.Name).ToList())
                .FirstOrDefault(known => known.Count == names.Count && names.TrueForAll(known.Contains))?.Select(mesh.IndexOf) ?? axes;
        }

        return [.. Enumerable.Range(0, mesh.Axes.Length).GroupBy(axis => chosen[axis]).SelectMany(Of)];
    }

    /// <summary>One sharding from placements per axis.</summary>
    private static TensorSharding Combine(Mesh mesh, int rank, ImmutableArray<int> order, Func<int, Placement> on)
    {
        var dims = Enumerable.Range(0, rank).Select(_ => ImmutableArray.CreateBuilder<AxisRef>()).ToArray();
        foreach (var axis in order)
        {
            var placement = on(axis);
            if (placement.Kind == PlacementKind.Split) dims[placement.Dim].Add(new AxisRef(mesh.Axes[axis].Name));
        }

        var partial = Enumerable.Range(0, mesh.Axes.Length).Where(axis => on(axis).Kind == PlacementKind.Partial)
            .Select(axis => new PartialAxis(new AxisRef(mesh.Axes[axis].Name), on(axis).Reduction));
        return new TensorSharding([.. dims.Select(axes => new DimSharding(axes.ToImmutable(), false))], [], [.. partial]);
    }
}
