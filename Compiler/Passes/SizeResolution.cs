using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Passes;

/// <summary>
/// Replaces symbolic sizes in a local program by host values that hold them on this rank.
/// <code>
/// before  y: float[B@data,T,heads,M/heads] = reshape[shape=[B, T, heads, M/heads]](x)
/// after   localB: !size = size_of[dim=0](x)   …   y = reshape[shape=[localB, T, heads, M/heads]](x)
/// </code>
/// Operators that depend on the whole tensor learn the global sizes: a mean its count, a random operator this rank's offsets.
/// </summary>
internal sealed class SizeResolution
{
    private readonly SizeTable sizes;
    private readonly Granules granules;
    private readonly Names names;
    private readonly ImmutableArray<string> even;
    private readonly HashSet<(string, Dim, Dim, Dim)> alike = [];

    private SizeResolution(Function forward, Function? backward, Granules granules, Names names)
    {
        (this.granules, this.names, even) = (granules, names, forward.EvenAxes);
        sizes = new SizeTable(forward, forward.Body.AllOperations.Concat(backward?.Body.AllOperations ?? []), granules, names);
    }

    /// <summary>Both programs with sizes resolved; those that only the backward needs are read in the forward too.</summary>
    public static (Function Forward, Function? Backward) Run(Function forward, Function? backward, Granules granules)
    {
        var names = new Names();
        foreach (var name in AllNames(forward).Concat(backward is null ? [] : AllNames(backward))) names.Fresh(name);
        var pass = new SizeResolution(forward, backward, granules, names);
        var body = pass.Rewrite(forward.Body);
        var back = backward is null ? null : pass.Rewrite(backward.Body);
        return (forward with { Body = body with { Operations = pass.sizes.Into(body.Operations) } },
            back is null ? null : backward! with { Body = back });
    }

    /// <summary>A block that need not run: what is checked there is not checked for what comes after.</summary>
    private Block Within(Block block)
    {
        var before = alike.ToList();
        var rewritten = Rewrite(block);
        alike.IntersectWith(before);
        return rewritten;
    }

    private Block Rewrite(Block block)
    {
        var operations = ImmutableArray.CreateBuilder<Operation>();
        var recut = new Dictionary<Granules.Recut, Value>();
        foreach (var operation in block.Operations) Rewrite(operation, operations, recut);
        return block with { Operations = operations.ToImmutable() };
    }

    /// <summary>
    /// Adds an operation, with what it takes cut as it needs that, and what it makes cut as all else has it.
    /// <code>
    /// before  y: float[heads@model,M/heads] = reshape[shape=[heads, M/heads]](w: float[M@model])
    /// after   w2: float[M@model] = recut[model, dim=0, size=M, from=1, granule=M/heads](w)   y = reshape[shape=[localHeads, M/heads]](w2)
    /// </code>
    /// Where chunks are promised to be even, the two cuts are checked to coincide, once: <c>check_cut[model, size=M, from=1, granule=M/heads]()</c>.
    /// </summary>
    private void Rewrite(Operation operation, ImmutableArray<Operation>.Builder operations, Dictionary<Granules.Recut, Value> recut)
    {
        ImmutableArray<Block> blocks = [.. operation.Blocks.Select(Within)];
        var (name, attributes) = Resolve(operation);
        var (operands, results) = (operation.Operands, operation.Results);
        var after = new List<Operation>();
        CheckCuts(operation, operations);
        foreach (var cuts in granules.Recuts(operation).Where(cut => !IsEven(cut)).GroupBy(cut => cut.Value))
        {
            var (made, taken) = (operation.Results.IndexOf(cuts.Key), operation.Operands.IndexOf(cuts.Key));
            foreach (var cut in cuts)
            {
                if (made < 0 && cuts.Count() == 1 && recut.TryGetValue(cut, out var known))
                {
                    operands = [.. operands.Select((o, i) => operation.Operands[i] == cuts.Key ? known : o)];
                    continue;
                }

                var value = new Value(names.Fresh(cut.Value.Name), cut.Value.Type);
                if (made >= 0)
                {
                    after.Insert(0, Recut(cut, value, results[made], isBack: true, operation.Origin));
                    results = results.SetItem(made, value);
                    continue;
                }

                operations.Add(Recut(cut, operands[taken], value, isBack: false, operation.Origin));
                operands = [.. operands.Select((o, i) => operation.Operands[i] == cuts.Key ? value : o)];
                if (cuts.Count() == 1) recut[cut] = value;
            }
        }

        operations.Add(name == operation.Name
            ? operation.With(operands, results, attributes, blocks)
            : new Operation(name, operands, results, attributes, operation.Origin, blocks));
        operations.AddRange(after);
    }

    private bool IsEven(Granules.Recut cut) => cut.Value.Tensor.Sharding.Dims[cut.Dim].Axes.All(axis => even.Contains(axis.Name));

    private void CheckCuts(Operation operation, ImmutableArray<Operation>.Builder operations)
    {
        foreach (var cut in granules.Recuts(operation).Where(IsEven))
        {
            var type = cut.Value.Tensor;
            var axes = type.Sharding.Dims[cut.Dim].Axes;
            // One check serves the method; what stands in a branch or loop comes after it, or is checked there.
            if (!alike.Add((string.Join(" ", axes), type.Dims[cut.Dim], cut.Own, cut.Needed)) || alike.Contains((string.Join(" ", axes), type.Dims[cut.Dim], cut.Needed, cut.Own))) continue;
            var attributes = Attributes.Named(axes[0].Name).With("dim", new TextAttribute(type.Dims[cut.Dim].ToString())).With("size", sizes.Global(type.Dims[cut.Dim]))
                .With("from", sizes.Global(cut.Own)).With("granule", sizes.Global(cut.Needed));
            if (axes.Length > 1) attributes = attributes.With("minor", new TextAttribute(string.Join(" ", axes.Skip(1))));
            operations.Add(new Operation("check_cut", [], [], attributes, operation.Origin));
        }
    }

    /// <summary>What neighbours hold of the chunk as it is cut otherwise; itself where the cuts coincide.</summary>
    private Operation Recut(Granules.Recut cut, Value from, Value to, bool isBack, Origin origin)
    {
        var type = cut.Value.Tensor;
        var axes = type.Sharding.Dims[cut.Dim].Axes;
        var attributes = Attributes.Named(axes[0].Name).With("dim", cut.Dim).With("size", sizes.Global(type.Dims[cut.Dim]))
            .With("from", sizes.Global(isBack ? cut.Needed : cut.Own)).With("granule", sizes.Global(isBack ? cut.Own : cut.Needed));
        if (axes.Length > 1) attributes = attributes.With("minor", new TextAttribute(string.Join(" ", axes.Skip(1))));
        return new Operation("recut", [from], [to], attributes, origin);
    }

    private (string Name, Attributes Attributes) Resolve(Operation operation)
    {
        var attributes = operation.Attributes;
        switch (operation.Name)
        {
            case "mean" when ReducedSizes(operation) is { IsDefaultOrEmpty: false } reduced:
                return ("mean_of_global", attributes.With("count", sizes.Global(Dim.Product(reduced))));
            case "dropout":
                var type = operation.Result.Tensor;
                return ("dropout", Global(attributes)
                    .With("shape", type.Dims.Select(sizes.Global))
                    .With("offsets", type.Dims.Select((d, i) => sizes.Offset(d, type.Sharding.Dims[i].Axes))));
            case "rand" when operation.Result.Tensor.Sharding.Dims.Any(d => !d.Axes.IsEmpty):
                var drawn = operation.Result.Tensor;
                return ("rand", Global(attributes)
                    .With("local", LocalShape(operation))
                    .With("offsets", drawn.Dims.Select((d, i) => sizes.Offset(d, drawn.Sharding.Dims[i].Axes))));
            case "top2_gating":
                var gates = operation.Operands[0].Tensor;
                return ("top2_gating", Global(attributes)
                    .With("groups", sizes.Global(gates.Dims[0]))
                    .With("offset", sizes.Offset(gates.Dims[0], gates.Sharding.Dims[0].Axes)));
            case "reshape" or "expand" or "zeros" or "ones" or "full":
                return (operation.Name, Global(Without(attributes, "shape")).With("shape", LocalShape(operation)));
            // What is cut in multiples is not combined.
            case "slice" or "reduce_scatter" or "all_to_all" when operation.Operands.Length == 1:
                return (operation.Name, Global(WithGranule(operation, operation.Result.Tensor, operation.Name == "all_to_all" ? "split" : "dim")));
            case "zero_pad":
                return (operation.Name, Global(WithGranule(operation, operation.Operands[0].Tensor, "dim")));
            case "window" or "window_add":
                return (operation.Name, Global(WithGranules(operation)));
            case var name when name.StartsWith("conv", StringComparison.Ordinal) || name.StartsWith("avg_pool", StringComparison.Ordinal):
                return (name, Windows(operation));
            default:
                return (operation.Name, GlobalIndices.Of(operation, sizes) ?? Global(attributes));
        }
    }

    /// <summary>The constants of a collective that cuts a dim, with the granule of the cut where it is not 1.</summary>
    private Attributes WithGranule(Operation collective, TensorType cut, string key)
    {
        var dim = collective.Attributes.Int(key);
        var granule = granules.Of(cut.Dims[dim], cut.Sharding.Dims[dim].Axes);
        return granule.IsOne ? collective.Attributes : collective.Attributes.With("granule", granule);
    }

    /// <summary>The constants of an exchange of windows, with the granules of the positions and of what they look at where they are not 1.</summary>
    private Attributes WithGranules(Operation exchange)
    {
        var dim = exchange.Attributes.Int("dim");
        var axes = exchange.Result.Tensor.Sharding.Dims[dim].Axes;
        var (positions, elements) = (granules.Of(exchange.Attributes.Size("count"), axes), granules.Of(exchange.Attributes.Size("size"), axes));
        var attributes = positions.IsOne ? exchange.Attributes : exchange.Attributes.With("granule", positions);
        return elements.IsOne ? attributes : attributes.With("sizeGranule", elements);
    }

    /// <summary>
    /// The constants of a convolution or pool: the groups of this rank's channels; and, of a backward that makes an operand of which ranks hold their windows,
    /// there the size of what this rank's look at.
    /// </summary>
    private Attributes Windows(Operation operation)
    {
        var cut = Window.Cut(operation.Attributes);
        var attributes = Global(operation.Attributes);
        var channels = operation.Result.Tensor.Sharding.Dims[operation.Name.EndsWith("_backward_weight", StringComparison.Ordinal) ? 0 : 1].Axes;
        if (attributes.Has("groups") && !channels.IsEmpty)
        {
            attributes = attributes.With("groups", sizes.Local(operation.Attributes.Size("groups"), channels));

            // A rank without groups cannot tell how many channels each has.
            var result = operation.Result.Tensor;
            if (operation.Name.EndsWith("_backward_weight", StringComparison.Ordinal)) attributes = attributes.With("channels", sizes.Local(result.Dims[1], result.Sharding.Dims[1].Axes));
        }

        if (cut.IsEmpty || !attributes.Has("size") || operation.Name.EndsWith("_backward_weight", StringComparison.Ordinal)) return attributes;
        var type = operation.Result.Tensor;
        var spatial = attributes.Sizes("size").Length;
        var leading = type.Rank - spatial;
        var window = Window.Of(operation.Attributes, spatial);
        Dim Kernel(int i) => operation.Attributes.Has("kernel_size") ? operation.Attributes.Sizes("kernel_size")[i] : operation.Operands[1].Tensor.Dims[2 + i];
        Dim Size(Dim whole, int i) => cut.Contains(leading + i)
            ? (sizes.Local(type.Dims[leading + i], type.Sharding.Dims[leading + i].Axes) - 1) * sizes.Global(window.Stride[i]) + sizes.Global(window.Span(i, Kernel(i)))
            : whole;
        return attributes.With("size", attributes.Sizes("size").Select(Size));
    }

    /// <summary>The sizes of the reduced dims, where one of them is split.</summary>
    private static ImmutableArray<Dim> ReducedSizes(Operation mean)
    {
        var operand = mean.Operands[0].Tensor;
        var dims = OperatorCall.Of(mean).Dims();
        return dims.Any(d => !operand.Sharding.Dims[d].Axes.IsEmpty) ? [.. dims.Select(d => operand.Dims[d])] : [];
    }

    /// <summary>This rank's shape of the result: of a dim made of several factors the leading one is split.</summary>
    private IEnumerable<Dim> LocalShape(Operation operation)
    {
        var rule = OperatorSignature.Infer(OperatorTable.Get(operation.Name), OperatorCall.Of(operation)).Rule;
        var type = operation.Result.Tensor;
        for (var i = 0; i < type.Rank; i++)
        {
            var axes = type.Sharding.Dims[i].Axes;
            ImmutableArray<int> factors = rule.Results[0].Dims[i];
            yield return axes.IsEmpty || factors.IsEmpty
                ? sizes.Local(type.Dims[i], axes)
                : sizes.Local(rule.Factors[factors[0]].Size, axes) * sizes.Global(Dim.Product(factors.Skip(1).Select(f => rule.Factors[f].Size)));
        }
    }

    private Attributes Global(Attributes attributes) => SizeReferences.Replace(attributes, sizes.Global);

    private static Attributes Without(Attributes attributes, string key) =>
        attributes.Where(a => a.Key != key).Aggregate(Attributes.None, (result, a) => result.With(a.Key, a.Value));

    private static IEnumerable<string> AllNames(Function function) =>
        function.Parameters.Select(p => p.Value.Name).Concat(function.HostSymbols)
            .Concat(function.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments))).Select(v => v.Name));
}
