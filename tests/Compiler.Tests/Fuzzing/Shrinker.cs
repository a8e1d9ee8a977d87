using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Makes a failing case small while the same kind of failure persists: fewer results, operations, annotations, axes, smaller sizes.</summary>
internal static class Shrinker
{
    private const int MostChecks = 1500;

    private static readonly Func<FuzzCase, IEnumerable<FuzzCase>>[] Stages = [FewerResults, FewerOperations, FewerAxes, FewerAnnotations, SmallerSizes];

    public static (FuzzCase Case, Verdict Verdict) Shrink(FuzzCase fuzz, Verdict verdict)
    {
        var checks = 0;
        for (var progress = true; progress;)
        {
            progress = false;
            foreach (var stage in Stages)
            {
                while (checks < MostChecks && Smaller(stage(fuzz), verdict, ref checks) is var (smaller, outcome))
                    (fuzz, verdict, progress) = (smaller, outcome, true);
            }
        }

        return (fuzz, verdict);
    }

    private static (FuzzCase, Verdict)? Smaller(IEnumerable<FuzzCase> candidates, Verdict verdict, ref int checks)
    {
        foreach (var smaller in candidates)
        {
            if (++checks > MostChecks) return null;
            var outcome = ProgramOracle.Check(smaller);
            if (outcome.Outcome == verdict.Outcome && outcome.Kind == verdict.Kind) return (smaller, outcome);
        }

        return null;
    }

    /// <summary>One result, preferably an early one; or several without one of them.</summary>
    private static IEnumerable<FuzzCase> FewerResults(FuzzCase fuzz)
    {
        var results = fuzz.Root.Results;
        var made = fuzz.Root.Body.Operations.SelectMany(o => o.Results).Where(r => r.Type is TensorType).ToList();
        foreach (var value in results.Length > 1 ? results.Concat(made) : made.TakeWhile(v => v != results[0]))
            yield return With(fuzz, fuzz.Root with { Body = fuzz.Root.Body with { Yields = [value] } });
        if (results.Length < 3) yield break;
        foreach (var result in results) yield return With(fuzz, fuzz.Root with { Body = fuzz.Root.Body with { Yields = results.Remove(result) } });
    }

    private static IEnumerable<FuzzCase> FewerOperations(FuzzCase fuzz) => fuzz.Root.Body.AllOperations.Reverse().SelectMany(o => Without(fuzz, o));

    private static IEnumerable<FuzzCase> FewerAxes(FuzzCase fuzz)
    {
        foreach (var axis in fuzz.Axes.Where(_ => fuzz.Axes.Count > 1)) yield return WithoutAxis(fuzz, axis.Axis);
        foreach (var (axis, size) in fuzz.Axes)
            foreach (var less in new[] { 1, 2, 3 }.Where(s => s < size)) yield return fuzz with { Axes = [.. fuzz.Axes.Select(a => a.Axis == axis ? (axis, less) : a)] };
        if (fuzz.Root.Mesh.Axes.Any(a => a.Size is not null))
            yield return fuzz with { Root = fuzz.Root with { Mesh = new Mesh([.. fuzz.Root.Mesh.Axes.Select(a => a with { Size = null })]) } };
    }

    private static IEnumerable<FuzzCase> FewerAnnotations(FuzzCase fuzz)
    {
        foreach (var value in Values(fuzz.Root))
            if (value.Type is TensorType type && !type.Sharding.Equals(TensorSharding.FullyReplicated(type.Rank)))
                yield return With(fuzz, Rewritten.Of(fuzz.Root, (v, t) => v == value ? TensorSharding.FullyReplicated(t.Rank) : t.Sharding));
    }

    private static IEnumerable<FuzzCase> SmallerSizes(FuzzCase fuzz)
    {
        foreach (var (symbol, size) in fuzz.Sizes)
            foreach (var less in new long[] { 1, 2, 3, 4 }.Where(s => s < size)) yield return fuzz with { Sizes = fuzz.Sizes.ToDictionary(s => s.Key, s => s.Key == symbol ? less : s.Value) };
        foreach (var member in fuzz.Members)
            if (member.Count > 1) yield return fuzz with { Members = [.. fuzz.Members.Select(m => m == member ? m with { Count = m.Count - 1 } : m)] };
    }

    private static FuzzCase With(FuzzCase fuzz, Function root)
    {
        root = LiveProgram.WithoutDead(root);
        var named = root.Body.AllOperations.Where(o => o.Name is "call" or "foreach").Select(o => o.Attributes.NameText.Split('.')[0]).ToHashSet();
        return fuzz with { Root = root, Members = [.. fuzz.Members.Where(m => named.Contains(m.Name))] };
    }

    /// <summary>The case with an operation's results taken from an operand of the same type, from a block of its own, or from a new parameter.</summary>
    private static IEnumerable<FuzzCase> Without(FuzzCase fuzz, Operation operation)
    {
        if (operation.Name is "next_key") yield break;
        foreach (var operand in operation.Operands)
            if (operation.Results.Length == 1 && operand.Type is TensorType a && operation.Result.Type is TensorType b && a.Element == b.Element && a.Dims.SequenceEqual(b.Dims))
                yield return With(fuzz, Rewritten.Of(fuzz.Root, replace: o => o == operation ? new([operand]) : null));
        foreach (var block in operation.Blocks)
            yield return With(fuzz, Rewritten.Of(fuzz.Root, replace: o => o == operation ? new([], block) : null));
        if (operation.Name != "constraint" && operation.Results.All(r => r.Type is TensorType))
        {
            ImmutableArray<Value> made = [.. operation.Results.Select(r => new Value("x_" + r.Name, r.Tensor with { Sharding = TensorSharding.FullyReplicated(r.Tensor.Rank) }))];
            var root = Rewritten.Of(fuzz.Root, replace: o => o == operation ? new(made) : null);
            root = root with { Parameters = [.. root.Parameters, .. made.Select(m => new Parameter(m, ParameterKind.Argument))] };
            foreach (var domain in made[0].IsDifferentiable ? new[] { "", "positive" } : made[0].Tensor.Element == ElementType.Bool ? [""] : ["below 1", "below 2"])
                yield return With(fuzz with { Domains = made.Aggregate(fuzz.Domains.ToDictionary(), (all, m) => new(all) { [m.Name] = domain }) }, root);
        }
    }

    private static FuzzCase WithoutAxis(FuzzCase fuzz, string axis)
    {
        TensorSharding Strip(TensorSharding s) => s with
        {
            Dims = [.. s.Dims.Select(d => d with { Axes = [.. d.Axes.Where(a => a.Name != axis)] })],
            Replicated = [.. s.Replicated.Where(a => a.Name != axis)],
        };
        Function Of(Function f) => Rewritten.Of(f, (_, t) => Strip(t.Sharding)) with { Mesh = new Mesh([.. f.Mesh.Axes.Where(a => a.Name != axis)]) };
        return fuzz with { Root = Of(fuzz.Root), Members = [.. fuzz.Members.Select(m => m with { Forward = Of(m.Forward) })], Axes = [.. fuzz.Axes.Where(a => a.Axis != axis)] };
    }

    private static IEnumerable<Value> Values(Function function) =>
        function.Parameters.Select(p => p.Value).Concat(function.Body.AllOperations.Where(o => o.Name == "constraint").SelectMany(o => o.Results));
}
