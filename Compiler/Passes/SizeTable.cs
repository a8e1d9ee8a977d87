using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Passes;

/// <summary>
/// Makes sizes available to a local program: reads them from parameters, exchanges the global size of a split dim once, and computes
/// this rank's part and offset.
/// </summary>
internal sealed class SizeTable(Function function, IEnumerable<Operation> programs, Granules granules, Names names)
{
    private static readonly HostType Size = new("size");

    private readonly ImmutableArray<Operation>.Builder operations = ImmutableArray.CreateBuilder<Operation>();
    private readonly HashSet<string> hosts =
        [.. function.HostSymbols, .. function.Parameters.Where(p => p.Value.Type is HostType).Select(p => p.Value.Name), .. programs.Where(o => o.Name is "host_size" or "axis_rank" or "axis_size").Select(o => o.Results[0].Name)];

    private readonly Dictionary<string, Dim> known = new(StringComparer.Ordinal);

    // Sizes that are known no sooner than a call of the function's body has returned: by name, the call's place.
    private readonly Dictionary<string, int> late = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<Operation>> after = [];

    /// <summary>The body with the operations that read and exchange sizes: at its start, or behind the call whose result shows the size.</summary>
    public ImmutableArray<Operation> Into(ImmutableArray<Operation> body)
    {
        if (after.Count == 0) return [.. operations, .. body];
        var places = function.Body.Operations.Select((o, i) => (o, i)).Where(p => after.ContainsKey(p.i)).ToDictionary(p => p.o.Results[0], p => after[p.i]);
        return [.. operations, .. body.SelectMany(o => o.Name == "call" && places.TryGetValue(o.Results[0], out var behind) ? [o, .. behind] : new[] { o })];
    }

    /// <summary>A global size over names of host values.</summary>
    /// <exception cref="ShapeException">No parameter shows a symbol's size.</exception>
    public Dim Global(Dim size) => size.Substitute(symbol => hosts.Contains(symbol) ? null : GlobalSymbol(symbol));

    /// <summary>The local size of a dim that is split over axes.</summary>
    public Dim Local(Dim size, ImmutableArray<AxisRef> axes)
    {
        if (axes.IsEmpty) return Global(size);
        return Once($"local {size} {string.Join(" ", axes)}", () =>
        {
            foreach (var (parameter, dim) in Dims())
                if (parameter.Tensor.Dims[dim].Equals(size) && parameter.Tensor.Sharding.Dims[dim].Axes.SequenceEqual(axes))
                    return SizeOf(parameter, dim);

            var granule = granules.Of(size, axes);
            if (!granule.IsOne) return Local(size / granule, axes) * Global(granule);
            return axes.Aggregate(Global(size), (rest, axis) => Rank("chunk_size", axis, rest, LocalName(size)));
        });
    }

    /// <summary>The index of this rank's first element in a dim that is split over axes.</summary>
    public Dim Offset(Dim size, ImmutableArray<AxisRef> axes)
    {
        var granule = granules.Of(size, axes);
        if (!granule.IsOne) return Offset(size / granule, axes) * Global(granule);
        var offset = Dim.Zero;
        var rest = axes.IsEmpty ? size : Global(size);
        foreach (var axis in axes)
        {
            offset += Rank("chunk_offset", axis, rest, "offset");
            if (!axis.Equals(axes[axes.Length - 1])) rest = Rank("chunk_size", axis, rest, LocalName(size));
        }

        return offset;
    }

    /// <summary>A quotient that is not exact, rounded down on the host: <c>(H-1)/(2)</c>.</summary>
    private Dim Quotient(string symbol)
    {
        var close = 0;
        for (var depth = 0; close < symbol.Length; close++)
        {
            depth += symbol[close] == '(' ? 1 : symbol[close] == ')' ? -1 : 0;
            if (depth == 0) break;
        }

        var (over, under) = (Global(DimParser.Parse(symbol.Substring(0, close + 1))), Global(DimParser.Parse(symbol.Substring(close + 2))));
        var name = over.Symbols.FirstOrDefault() ?? "quotient";
        var result = new Value(names.Fresh(name), Size);
        Place(new Operation("host_size", [], [result], Attributes.None.WithHost("value", $"({{{over}}}) / ({{{under}}})"), Origin.None));
        return Dim.Symbol(result.Name);
    }

    private Dim GlobalSymbol(string symbol) => Once("global " + symbol, () =>
    {
        if (symbol[0] == '(') return Quotient(symbol);
        var size = Dim.Symbol(symbol);
        (Value Parameter, int Dim)? split = null, multiple = null;
        foreach (var (parameter, dim) in Dims())
        {
            var shown = parameter.Tensor.Dims[dim];
            var whole = parameter.Tensor.Sharding.Dims[dim].Axes.IsEmpty;
            if (shown.Equals(size) && whole) return SizeOf(parameter, dim);
            if (shown.Equals(size)) split ??= (parameter, dim);
            else if (whole && (shown / size).Symbols.All(s => s != symbol && hosts.Contains(s))) multiple ??= (parameter, dim);
        }

        if (split is var (local, at))
        {
            var axes = local.Tensor.Sharding.Dims[at].Axes;
            return axes.Reverse().Aggregate(Local(size, axes), (part, axis) => Rank("global_size", axis, part, axis.Equals(axes[0]) ? symbol : LocalName(symbol)));
        }

        return multiple is var (of, place) ? SizeOf(of, place) / (of.Tensor.Dims[place] / size)
            : OfCall(symbol) is { } shownLate ? shownLate
            : throw new ShapeException($"the size {symbol} is needed when the model runs, but no argument or parameter of '{function.Name}' has a dim of that size: name it in a [Shape].");
    });

    /// <summary>A size that only what another module returns has: of its weights, or of what it computes.</summary>
    private Dim? OfCall(string symbol)
    {
        var results = function.Body.Operations.Select((o, i) => (Call: o, Place: i)).Where(c => c.Call.Name == "call")
            .SelectMany(c => c.Call.Results.Where(r => r.Type is TensorType).Select(r => (Result: r, c.Place)))
            .SelectMany(r => Enumerable.Range(0, r.Result.Tensor.Rank).Where(d => r.Result.Tensor.Dims[d].SymbolName == symbol).Select(d => (r.Result, r.Place, Dim: d)))
            .OrderBy(r => r.Place).ToList();
        if (results.Count == 0) return null;
        var (result, place, dim) = results.FirstOrDefault(r => r.Place == results[0].Place && r.Result.Tensor.Sharding.Dims[r.Dim].Axes.IsEmpty) is { Result: not null } whole ? whole : results[0];
        var axes = result.Tensor.Sharding.Dims[dim].Axes;
        var part = Add("size_of", Attributes.None.With("dim", dim), [result], axes.IsEmpty ? symbol : LocalName(symbol), place);
        return axes.Reverse().Aggregate(part, (size, axis) => Rank("global_size", axis, size, axis.Equals(axes[0]) ? symbol : LocalName(symbol)));
    }

    /// <summary>Puts an operation where the sizes are known that it reads.</summary>
    private void Place(Operation operation, int behind = -1)
    {
        foreach (var symbol in SizeReferences.Of(operation.Attributes))
            if (late.TryGetValue(symbol, out var place)) behind = Math.Max(behind, place);
        if (behind < 0)
        {
            operations.Add(operation);
            return;
        }

        if (!after.TryGetValue(behind, out var list)) after[behind] = list = [];
        list.Add(operation);
        late[operation.Results[0].Name] = behind;
    }

    private IEnumerable<(Value Parameter, int Dim)> Dims() =>
        function.Parameters.Where(p => p.Value.Type is TensorType).SelectMany(p => Enumerable.Range(0, p.Value.Tensor.Rank).Select(d => (p.Value, d)));

    private Dim SizeOf(Value parameter, int dim)
    {
        var type = parameter.Tensor;
        var name = type.Dims[dim].SymbolName ?? parameter.Name + "Size" + dim;
        if (!type.Sharding.Dims[dim].Axes.IsEmpty) name = LocalName(name);
        return Once($"size {parameter.Name} {dim}", () => Add("size_of", Attributes.None.With("dim", dim), [parameter], name));
    }

    private static string LocalName(Dim size) => LocalName(size.SymbolName ?? "");

    private static string LocalName(string name) => name.Length == 0 ? "local" : "local" + char.ToUpperInvariant(name[0]) + name.Substring(1);

    private Dim Rank(string operation, AxisRef axis, Dim of, string name) =>
        Once($"{operation} {axis} {of}", () => Add(operation, Attributes.Named(axis.Name).With("size", of), [], name));

    private Dim Add(string operation, Attributes attributes, ImmutableArray<Value> operands, string name, int behind = -1)
    {
        var result = new Value(names.Fresh(name.Replace(".", "").TrimStart('_')), Size);
        Place(new Operation(operation, operands, [result], attributes, Origin.None), behind);
        return Dim.Symbol(result.Name);
    }

    private Dim Once(string key, Func<Dim> make) => known.TryGetValue(key, out var size) ? size : known[key] = make();
}
