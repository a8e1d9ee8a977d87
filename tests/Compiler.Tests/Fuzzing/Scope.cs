using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Passes;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>A block that is being drawn: its operations so far, and the values that it may use.</summary>
internal sealed class Scope(Draft draft, Scope? outer)
{
    private const long MostElements = 400;
    private const long MostProducts = 6000;

    private readonly List<Known> own = [];

    public Draft Draft => draft;

    public Random Random => draft.Random;

    public List<Operation> Operations { get; } = [];

    public IReadOnlyList<Known> Own => own;

    public int Depth => outer is null ? 0 : outer.Depth + 1;

    /// <summary>All values in sight, the latest first.</summary>
    public IEnumerable<Known> Visible => Enumerable.Reverse(own).Concat(outer?.Visible ?? []);

    public void Add(Known known) => own.Add(known);

    public Scope Inner() => new(draft, this);

    /// <summary>A random tensor that fits, most likely one of the latest; null where none does.</summary>
    public Known? Pick(Func<Known, bool> fits)
    {
        var candidates = Visible.Where(k => k.IsTensor && fits(k)).ToList();
        if (candidates.Count == 0) return null;
        return candidates[Random.Next(3) == 0 ? Random.Next(candidates.Count) : Random.Next(Math.Min(candidates.Count, 5))];
    }

    /// <summary>Any floating-point tensor.</summary>
    public Known? PickReal() => Pick(k => k.Value.IsDifferentiable);

    /// <summary>Adds an operator call; null, with nothing added, where its shapes do not fit or its values would be unfit for a check.</summary>
    public Known[]? Apply(string name, Attributes attributes, params Known[] operands)
    {
        if (!draft.Options.Allows(name, attributes)) return null;
        if (SizeReferences.Of(attributes).Any(s => !draft.Hosts.ContainsKey(s) && !draft.Shows(s))) return null;
        var call = new OperatorCall(name, [.. operands.Select(o => o.Value)], attributes);
        OperatorSignature signature;
        object?[] data;
        try
        {
            signature = OperatorSignature.Infer(OperatorTable.Get(name), call);
            if (signature.Rule.Factors.Aggregate(1L, (n, f) => n * draft.Size(f.Size)) is < 1 or > MostProducts) return null;
            var kernel = new KernelCall(name, [.. operands.Select(o => o.Data)], attributes, draft.Size, draft.Host);
            data = Smoothness.Check(kernel, Kernels.Run(kernel));
        }
        catch (Exception e) when (e is ShapeException or RoughException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or OverflowException or DivideByZeroException or KeyNotFoundException)
        {
            return null;
        }

        if (signature.Results.OfType<TensorType>().Any(t => t.Elements is var size && draft.Size(size) is < 1 or > MostElements || t.Rank > 6)) return null;
        var known = signature.Results.Select((type, i) => new Known(new Value(draft.Name("v"), type), data[i])).ToArray();
        for (var i = 0; i < known.Length; i++)
            if (known[i].IsTensor && !known[i].Array.Shape.SequenceEqual(known[i].Type.Dims.Select(draft.Size)))
                throw new InvalidOperationException($"{name}: the compiler says [{string.Join(", ", known[i].Type.Dims)}], the kernel makes {known[i].Array}.");
        Add(new Operation(name, call.Operands, [.. known.Select(k => k.Value)], attributes, Origin.None), draft.Options.ShowsFirst(name) ? known[..1] : known);
        return known;
    }

    /// <summary>Adds an operator call with one result.</summary>
    public Known? One(string name, Attributes attributes, params Known[] operands) => Apply(name, attributes, operands)?[0];

    public void Add(Operation operation, IEnumerable<Known> results)
    {
        Operations.Add(operation);
        own.AddRange(results);
    }

    /// <summary>Adds a loop, a branch or a call, after it ran; false, with nothing added, where its values are unfit for a check.</summary>
    public bool AddRegion(Operation operation)
    {
        var seen = Visible.ToList();
        var function = new Function("region", draft.Mesh, [.. draft.Hosts.Keys], [.. seen.Select(k => new Parameter(k.Value, ParameterKind.Argument))], new Block([], [operation], operation.Results));
        object?[] results;
        foreach (var host in draft.Hosts) draft.Module.Hosts[host.Key] = host.Value;
        try
        {
            results = new MultiRankEvaluator([], draft.Module) { Observe = Smoothness.Check }.Run(function, [[.. seen.Select(k => k.Data)]])[0];
        }
        catch (EvaluationException e) when (e.GetBaseException() is RoughException or ArgumentException)
        {
            return false;
        }

        Add(operation, operation.Results.Select((r, i) => new Known(r, results[i])));
        return true;
    }

    /// <summary>A tensor of these dims: one in sight, else a parameter.</summary>
    public Known? Need(ImmutableArray<Dim> dims, ElementType element, string domain = "", ParameterKind? kind = null, int chance = 2) =>
        (Random.Next(chance) > 0 ? Pick(k => k.Type.Dims.SequenceEqual(dims) && Fits(k, element, domain)) : null)
        ?? draft.Parameter(dims, element, domain, kind);

    /// <summary>Whether a value may stand where one of this element type and domain is drawn.</summary>
    public bool Fits(Known k, ElementType element, string domain)
    {
        if (element.IsFloating() != k.Type.Element.IsFloating() || (!element.IsFloating() && k.Type.Element != element)) return false;
        var words = domain.Split(' ');
        if (words.Contains("distinct") || words.Contains("full") || words.Contains("constant")) return false;
        if (words.Contains("below")) return k.Array.Data.Length > 0 && k.Array.Data.Min() >= 0 && k.Array.Data.Max() < draft.Size(DimParser.Parse(words[^1]));
        if (words.Contains("above")) return k.Array.Data.All(x => x > 1.2);
        if (words.Contains("positive")) return k.Array.Data.All(x => x > 0.12);
        return !words.Contains("unit") || k.Array.Data.All(x => Math.Abs(x) < 0.92);
    }
}
