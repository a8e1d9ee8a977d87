using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>A value of a program that is being drawn, and what it holds when the plain program runs.</summary>
internal sealed record Known(Value Value, object? Data)
{
    public TensorType Type => Value.Tensor;

    public NdArray Array => (NdArray)Data!;

    public bool IsTensor => Value.Type is TensorType;
}

/// <summary>A program that is being drawn: its parameters so far, sizes, host values and the modules it calls.</summary>
internal sealed class Draft
{
    private readonly string prefix;
    private int names;

    public Draft(Random random, Mesh mesh, IReadOnlyDictionary<string, long> sizes, int seed, FuzzOptions options, string prefix = "")
    {
        (Random, Mesh, Sizes, Seed, Options, this.prefix) = (random, mesh, sizes, seed, options, prefix);
        Root = new Scope(this, null);
    }

    public Random Random { get; }

    public Mesh Mesh { get; }

    public int Seed { get; }

    public FuzzOptions Options { get; }

    public IReadOnlyDictionary<string, long> Sizes { get; }

    public Dictionary<string, double> Hosts { get; } = new() { ["rate"] = 0.7 };

    public Dictionary<string, string> Domains { get; init; } = [];

    public List<FuzzMember> Members { get; } = [];

    /// <summary>The modules of the plain program.</summary>
    public SimulatedModule Module { get; } = new();

    public List<Parameter> Parameters { get; } = [];

    public Scope Root { get; }

    public string Name(string kind) => $"{prefix}{kind}{names++}";

    public long Size(Dim dim) => dim.Evaluate(s => Sizes.TryGetValue(s, out var size) ? size : (long)Hosts[s]);

    public double Host(string name) => Sizes.TryGetValue(name, out var size) ? size : Hosts[name];

    /// <summary>A symbol or, now and then, a fixed size.</summary>
    public Dim AnyDim() => Random.Next(8) == 0 ? Random.Next(1, 6) : Dim.Symbol(Sizes.Keys.ElementAt(Random.Next(Sizes.Count)));

    /// <summary>Whether a parameter has a dim of this size: an operator's constants may name it then.</summary>
    public bool Shows(string symbol) => Parameters.Any(p => p.Value.Tensor.Dims.Any(d => d.SymbolName == symbol));

    /// <summary>A new parameter, whose values are drawn in a domain (<see cref="InputValues"/>); null where they cannot be.</summary>
    public Known? Parameter(IEnumerable<Dim> dims, ElementType element, string domain, ParameterKind? kind = null)
    {
        var full = Parameters.Count(p => p.Kind == ParameterKind.Argument) >= Options.MostArguments;
        if (full && !element.IsFloating()) return null;

        // In C#, a parameter's type is known by its uses: as an index or a mask.
        if (Options.Real != "float" && !element.IsFloating() && element != ElementType.Bool && !domain.Contains("below", StringComparison.Ordinal)) return null;
        if (full) kind = ParameterKind.Weight;
        var type = new TensorType(element.IsFloating() && Options.Real != "float" ? ElementType.Float : element, [.. dims]);
        if (type.Dims.Aggregate(1L, (n, d) => n * Size(d)) is < 1 or > 300) return null;
        var chosen = kind ?? (!element.IsFloating() || Random.Next(2) == 0 ? ParameterKind.Argument : ParameterKind.Weight);
        var value = new Value(Name(chosen == ParameterKind.Argument ? "x" : chosen == ParameterKind.Weight ? "w" : "c"), type with { Sharding = TensorSharding.FullyReplicated(type.Rank) });
        Known known;
        try
        {
            known = new Known(value, InputValues.Draw(value, domain, Size, Seed));
        }
        catch (ArgumentException)
        {
            return null;
        }

        Parameters.Add(new Parameter(value, chosen));
        if (domain.Length > 0) Domains[value.Name] = domain;
        Root.Add(known);
        return known;
    }
}
