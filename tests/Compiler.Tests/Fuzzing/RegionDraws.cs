using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Draws branches on host conditions, loops over modules, and calls of other modules.</summary>
internal static class RegionDraws
{
    public static void Draw(Scope scope, FuzzOptions options)
    {
        switch (options.Loops ? scope.Random.Next(options.Calls ? 3 : 2) : 0)
        {
            case 0:
                Branch(scope, options);
                break;
            case 1:
                Loop(scope, options);
                break;
            default:
                Member(scope, options, count: null);
                break;
        }
    }

    private static void Branch(Scope scope, FuzzOptions options)
    {
        Known?[] targets = [scope.PickReal(), scope.Random.Next(3) == 0 ? scope.PickReal() : null];
        var like = targets.OfType<Known>().ToList();
        if (like.Count == 0) return;
        var flag = scope.Draft.Name("flag");
        scope.Draft.Hosts[flag] = scope.Random.Next(2);
        var size = scope.Pick(k => k.Type.Rank > 0)?.Type.Dims[0];
        // In C#, a size is read from an argument or a weight.
        if (options.Real != "float" && size?.Symbols.All(s => scope.Draft.Shows(s) || scope.Draft.Hosts.ContainsKey(s)) == false) size = null;
        var condition = scope.Random.Next(4) switch
        {
            0 => "!" + flag,
            1 when size is not null => $"{flag} && {{{size}}} > 1",
            _ => flag,
        };
        ImmutableArray<Block> blocks = [.. Enumerable.Range(0, 2).Select(_ => Body(scope.Inner(), [], like, options))];
        var results = like.Select(k => new Value(scope.Draft.Name("v"), Open(k.Type)));
        scope.AddRegion(new Operation("if", [], [.. results], Attributes.None.WithHost("condition", condition), Origin.None, blocks));
    }

    private static void Loop(Scope scope, FuzzOptions options)
    {
        if (scope.PickReal() is not { } first) return;
        var carried = new List<Known> { first };
        if (scope.Random.Next(3) == 0 && scope.PickReal() is { } second) carried.Add(second);
        var (list, item) = (scope.Draft.Name("layers"), scope.Draft.Name("layer"));
        var count = scope.Random.Next(0, 4);
        var inner = scope.Inner();
        ImmutableArray<Value> arguments = [.. carried.Select(k => new Value(scope.Draft.Name("h"), Open(k.Type)))];
        List<Known> entering = [.. arguments.Select((a, i) => new Known(a, carried[i].Data))];
        scope.Draft.Module.Lists[list] = [.. Enumerable.Range(0, count).Select(_ => new SimulatedModule())];
        if (options.Calls && scope.Depth == 0 && count > 0 && scope.Random.Next(2) == 0)
        {
            foreach (var known in entering) inner.Add(known);
            Member(inner, options, count, list, item);
        }

        var body = Body(inner, entering, entering, options) with { Arguments = arguments };
        var results = carried.Select(k => new Value(scope.Draft.Name("v"), Open(k.Type)));
        var attributes = Attributes.Named(list).With(Attributes.Item, new NameAttribute(item));
        if (!scope.AddRegion(new Operation("foreach", [.. carried.Select(k => k.Value)], [.. results], attributes, Origin.None, [body]))) return;
        if (scope.Draft.Members.All(m => m.Name != list)) scope.Draft.Members.Add(new FuzzMember(list, Empty(scope.Draft.Mesh), count));
    }

    /// <summary>A block that yields values of the types of <paramref name="like"/>.</summary>
    private static Block Body(Scope inner, List<Known> entering, List<Known> like, FuzzOptions options)
    {
        foreach (var known in entering)
            if (!inner.Own.Contains(known)) inner.Add(known);
        for (var count = inner.Random.Next(0, 5); count > 0; count--) RandomProgram.Step(inner, options);
        var yields = new List<Value>();
        foreach (var wanted in like)
        {
            var made = inner.Own.Where(k => k.IsTensor && k.Type.Element == wanted.Type.Element && k.Type.Dims.SequenceEqual(wanted.Type.Dims) && !entering.Contains(k)).ToList();
            var last = made.Count > 0 ? made[^1] : inner.Random.Next(4) == 0 ? wanted : inner.One("sin", Attributes.None, wanted) ?? wanted;
            // What goes around a loop stays bounded.
            if (entering.Count > 0 && inner.One("tanh", Attributes.None, last) is { } bounded) last = bounded;
            yields.Add(last.Value);
        }

        return new Block([], [.. inner.Operations], [.. yields]);
    }

    /// <summary>A call of another module, a submodule of its own or the item of a loop; its program is drawn for the arguments at hand.</summary>
    private static void Member(Scope scope, FuzzOptions options, int? count, string? list = null, string? item = null)
    {
        var draft = scope.Draft;
        bool Plain(Known k) => k.Type.Rank > 0 && k.Type.Dims.All(d => d.Value is not null || (d.SymbolName is { } s && draft.Sizes.ContainsKey(s)));
        var arguments = new List<Known>();
        for (var i = scope.Random.Next(1, 3); i > 0; i--)
            if (scope.Pick(k => Plain(k) && k.Value.IsDifferentiable && !arguments.Contains(k)) is { } k) arguments.Add(k);
        if (arguments.Count == 0) return;
        var name = list ?? draft.Name("sub");
        // In C#, what a module is called with has no whole numbers but those that it makes.
        var within = options.Real == "float" ? options : options with { MostArguments = arguments.Count };
        var inner = new Draft(draft.Random, draft.Mesh, draft.Sizes, draft.Seed, within, name + "_") { Domains = draft.Domains };
        foreach (var argument in arguments)
        {
            var value = new Value(inner.Name("x"), argument.Type with { Sharding = TensorSharding.FullyReplicated(argument.Type.Rank) });
            inner.Parameters.Add(new Parameter(value, ParameterKind.Argument));
            inner.Root.Add(new Known(value, argument.Data));
        }

        for (var steps = scope.Random.Next(2, 8); steps > 0; steps--) RandomProgram.Step(inner.Root, options with { Regions = false, Calls = false });
        // What else it needs are weights: a caller has no argument for it.
        var parameters = inner.Parameters.Select((p, i) => i < arguments.Count ? p : p with { Kind = p.Value.IsDifferentiable && p.Kind != ParameterKind.Buffer ? ParameterKind.Weight : ParameterKind.Buffer }).ToImmutableArray();
        var shown = inner.Parameters.SelectMany(p => p.Value.Tensor.Dims).Select(d => d.SymbolName).ToHashSet();
        var results = inner.Root.Own.Where(k => k.IsTensor && inner.Parameters.All(p => p.Value != k.Value) && k.Value.IsDifferentiable && k.Type.Dims.All(d => d.Symbols.All(shown.Contains))).TakeLast(2).ToList();
        if (results.Count == 0) return;
        foreach (var host in inner.Hosts) draft.Hosts[host.Key] = host.Value;
        var function = new Function("forward", draft.Mesh, [.. inner.Hosts.Keys], parameters, new Block([], [.. inner.Root.Operations], [.. results.Select(r => r.Value)]));
        function = RandomMesh.Annotate(draft.Random, LiveProgram.Of(function));
        if (draft.Random.Next(4) == 0) function = function with { Rematerialized = [function.Name] };
        ShardedProgram compiled;
        try
        {
            compiled = ShardingCompiler.Compile(function);
        }
        catch (ShapeException)
        {
            return;
        }

        foreach (var host in draft.Hosts) draft.Module.Hosts[host.Key] = host.Value;
        FuzzModules.AddPlain(draft.Module, new FuzzMember(name, function, count), draft.Domains, draft.Size, draft.Seed);
        ImmutableArray<Value> placed = [.. arguments.Select((a, i) => new Value(draft.Name("arg"), a.Type with { Sharding = compiled.Forward.Parameters[i].Value.Tensor.Sharding.Close() }))];
        ImmutableArray<Value> outcome = [.. compiled.Forward.Results.Select(r => new Value(draft.Name("v"), r.Tensor with { Sharding = r.Tensor.Sharding.Close() }))];
        var call = new Operation("call", placed, outcome, Attributes.Named((item ?? name) + ".forward").With("results", compiled.DifferentiableResults), Origin.None);
        var data = new MultiRankEvaluator([], draft.Module).Call(count is null ? draft.Module.Members[name] : draft.Module.Lists[name][0], "forward", [[.. arguments.Select(a => a.Data)]])[0];
        if (data.Cast<NdArray>().Any(a => a.Data.Any(v => !(Math.Abs(v) < 40)))) return;
        for (var i = 0; i < placed.Length; i++)
            scope.Add(new Operation("constraint", [arguments[i].Value], [placed[i]], Attributes.None, Origin.None), [new Known(placed[i], arguments[i].Data)]);
        scope.Add(call, outcome.Select((v, i) => new Known(v, data[i])));
        draft.Members.Add(new FuzzMember(name, function, count));
    }

    private static TensorType Open(TensorType type) => new(type.Element, type.Dims);

    private static Function Empty(Mesh mesh) => new("forward", mesh, [], [], new Block([], [], []));
}
