using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>One running function: the values of every rank, the module it belongs to, the loop items in scope.</summary>
internal sealed class Frame(int ranks, SimulatedModule module, bool bindsSplitDims)
{
    private readonly Dictionary<Value, object?[]> values = [];
    private readonly Dictionary<string, long>[] sizes = [.. Enumerable.Range(0, ranks).Select(_ => new Dictionary<string, long>())];
    private readonly HashSet<Value> freed = [];

    public SimulatedModule Module => module;

    public Dictionary<string, SimulatedModule> Items { get; } = [];

    public object?[] Get(Value value)
    {
        if (freed.Contains(value)) throw new InvalidOperationException($"'{value.Name}' is used after it was freed.");
        return values.TryGetValue(value, out var held) ? held : throw new InvalidOperationException($"'{value.Name}' is used before it has a value.");
    }

    public void Set(Value value, object?[] byRank)
    {
        values[value] = byRank;
        freed.Remove(value);
        for (var rank = 0; rank < ranks; rank++)
        {
            if (value.Type is HostType && byRank[rank] is long size) sizes[rank][value.Name] = size;
            if (value.Type is TensorType type && byRank[rank] is NdArray array) Bind(value, type, array, sizes[rank]);
        }
    }

    // A size that is a multiple of the symbol, or a fraction of it: M from M/heads.
    private void Learn(string symbol, long size, Dim factor, Dictionary<string, long> known)
    {
        long Of(string name) => known.TryGetValue(name, out var value) ? value : (long)module.Hosts[name];
        if (factor.Terms.All(t => t.Factors.All(f => f.Power > 0))) known[symbol] = size / factor.Evaluate(Of);
        else if (factor.Terms.ToList() is [var term] && term.Factors.All(f => f.Power < 0))
            known[symbol] = size * Dim.Product(term.Factors.SelectMany(f => Enumerable.Repeat(Dim.Symbol(f.Symbol), -f.Power))).Evaluate(Of) / term.Coefficient;
    }

    public void Free(Value value) => freed.Add(value);

    public long Resolve(Dim dim, int rank) => dim.Evaluate(symbol => Find(symbol, rank) ?? throw new InvalidOperationException($"the size '{symbol}' is not known here."));

    public double Host(string name, int rank) =>
        module.Hosts.TryGetValue(name, out var value) ? value : Find(name, rank) ?? throw new InvalidOperationException($"the host value '{name}' is not known here.");

    private long? Find(string symbol, int rank) =>
        sizes[rank].TryGetValue(symbol, out var size) ? size : module.Hosts.TryGetValue(symbol, out var host) ? (long)host : null;

    /// <summary>Learns symbols from a tensor's shape, and checks the dims that are known and whole.</summary>
    private void Bind(Value value, TensorType type, NdArray array, Dictionary<string, long> known)
    {
        if (array.Rank != type.Rank) throw new InvalidOperationException($"'{value}' holds a tensor of {array.Rank} dims.");
        for (var d = 0; d < type.Rank; d++)
        {
            if (!bindsSplitDims && !type.Sharding.Dims[d].Axes.IsEmpty) continue;
            var unknown = type.Dims[d].Symbols.Where(s => !known.ContainsKey(s) && !module.Hosts.ContainsKey(s)).ToList();
            if (unknown.Count == 1 && (type.Dims[d] / Dim.Symbol(unknown[0])).Symbols.All(s => s != unknown[0] && (known.ContainsKey(s) || module.Hosts.ContainsKey(s))))
                Learn(unknown[0], array.Shape[d], type.Dims[d] / Dim.Symbol(unknown[0]), known);
            else if (unknown.Count == 0 && type.Dims[d].Evaluate(s => known.TryGetValue(s, out var v) ? v : (long)module.Hosts[s]) is var expected && expected != array.Shape[d])
                throw new InvalidOperationException($"'{value}' has size {array.Shape[d]} at dim {d} where {expected} is due.");
        }
    }
}
