using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>What a random program may hold.</summary>
internal sealed record FuzzOptions
{
    /// <summary>Branches and loops.</summary>
    public bool Regions { get; init; } = true;

    /// <summary>Loops over modules.</summary>
    public bool Loops { get; init; } = true;

    /// <summary>Calls of other modules.</summary>
    public bool Calls { get; init; } = true;

    /// <summary>The calls that may be drawn.</summary>
    public Func<string, Attributes, bool> Allows { get; init; } = (_, _) => true;

    /// <summary>Operators of which an author sees the first result only.</summary>
    public Func<string, bool> ShowsFirst { get; init; } = _ => false;

    /// <summary>The type of floating-point tensors that are made from nothing, and whether all others have the model's own.</summary>
    public string Real { get; init; } = "float";

    /// <summary>How many arguments a program has at most; further floating-point parameters are weights, others are not made.</summary>
    public int MostArguments { get; init; } = int.MaxValue;

    /// <summary>How many operators a long program has.</summary>
    public int Longest { get; init; } = 60;
}

/// <summary>
/// Draws programs: type-directed, over a growing pool of values with symbolic dims. The drawer runs what it draws, so that every operator
/// gets operands in its domain, away from kinks, and values stay of ordinary magnitude.
/// </summary>
internal static class RandomProgram
{
    private static readonly string[] Symbols = ["B", "T", "M", "H", "E"];

    /// <summary>The program of a seed.</summary>
    public static FuzzCase Draw(int seed, FuzzOptions? options = null)
    {
        options ??= new FuzzOptions();
        var random = new Random(seed);
        var axes = RandomMesh.Axes(random);
        var mesh = RandomMesh.Mesh(random, axes);
        var sizes = Symbols.Take(random.Next(2, 6)).ToDictionary(s => s, _ => (long)random.Next(1, 8));
        var draft = new Draft(random, mesh, sizes, seed, options);
        for (var count = random.Next(1, 3); count > 0; count--)
            draft.Parameter(Enumerable.Range(0, random.Next(1, 5)).Select(_ => draft.AnyDim()).ToList(), ElementType.Float, "", ParameterKind.Argument);

        // Every operator in turn is tried first, so that none is left out by chance.
        var first = SampleDraws.Names[(int)((uint)seed % SampleDraws.Names.Count)];
        for (var tries = 0; tries < 8 && SampleDraws.Draw(draft.Root, first) is null; tries++) Step(draft.Root, options);

        // Short programs more often than long ones.
        var wanted = 5 + (int)((options.Longest - 5) * Math.Pow(random.NextDouble(), 2.5));
        for (var tries = 0; tries < 4 * wanted && draft.Root.Operations.Count < wanted; tries++) Step(draft.Root, options);

        var function = new Function("forward", mesh, [.. draft.Hosts.Keys], [.. draft.Parameters], new Block([], [.. draft.Root.Operations], Results(draft)));
        function = RandomMesh.Annotate(random, LiveProgram.Of(function, isMember: false));
        // Every fourth computes again in the backward what it does not keep.
        if (seed % 4 == 0) function = function with { Rematerialized = [function.Name] };
        if (seed % 5 == 0) function = DeviceOrders.Assign(new Random(seed), function, axes, draft.Size);
        return new FuzzCase(function, draft.Members, axes, sizes, draft.Hosts, draft.Domains, seed);
    }

    /// <summary>Adds one operator, or a few that belong together, or a region.</summary>
    public static void Step(Scope scope, FuzzOptions options)
    {
        var kind = scope.Random.Next(20);
        if (kind == 0 && options.Regions && scope.Depth < 2) RegionDraws.Draw(scope, options);
        else if (kind < 9) ShapeDraws.Draw(scope);
        else SampleDraws.Draw(scope, SampleDraws.Names[scope.Random.Next(SampleDraws.Names.Count)]);
    }

    /// <summary>What the program returns: mostly what nothing else reads, so that little of it is dead.</summary>
    private static ImmutableArray<Value> Results(Draft draft)
    {
        var read = draft.Root.Operations.SelectMany(o => o.Operands.Concat(o.Blocks.SelectMany(b => b.AllOperations.SelectMany(i => i.Operands).Concat(b.AllOperations.SelectMany(i => i.Blocks.SelectMany(x => x.Yields))).Concat(b.Yields)))).ToHashSet();
        var seen = draft.Root.Own.Select(k => k.Value).ToHashSet();
        var made = draft.Root.Operations.SelectMany(o => o.Results).Where(r => r.Type is TensorType && seen.Contains(r)).ToList();
        var ends = made.Where(v => !read.Contains(v)).OrderBy(_ => draft.Random.Next(3)).Take(draft.Random.Next(1, 9)).ToList();
        if (made.Count > 0 && (ends.Count == 0 || draft.Random.Next(6) == 0)) ends.Add(made[draft.Random.Next(made.Count)]);
        if (ends.Count == 0) ends.Add(draft.Parameters[0].Value);
        return [.. ends.Distinct()];
    }
}
