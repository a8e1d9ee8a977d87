using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// The author's own functions as operators, from the factor string that the author gives. They stand beside the table: what they compute
/// only the author knows. Constants: <c>rule</c>; factors that are summed over (<c>reduce</c>) or that every rank needs whole
/// (<c>whole</c>), separated by spaces; operands in which the function is linear together (<c>linear</c>) or each alone (<c>each</c>);
/// <c>size_k</c> for a factor k that no operand shows; the call as host code in which <c>$0</c>, <c>$1</c> are the operands (<c>call</c>), and
/// that of the author's backward, in which <c>$d0</c>, <c>$d1</c> are the cotangents (<c>backward</c>).
/// </summary>
internal static class UserFunctions
{
    /// <summary>The function.</summary>
    public const string Forward = "user_function";

    /// <summary>Its vector-Jacobian product: cotangents of the floating-point results, then the operands; gives those of the floating-point operands.</summary>
    public const string Backward = "user_function_backward";

    private const string SizePrefix = "size_";

    private static readonly char[] Space = [' '];

    private static readonly OperatorDefinition Function = new(Forward)
    {
        Factors = Factors,
        Linearity = call => call.Attributes.Has("linear") ? Linearity.Joint([.. call.Attributes.Ints("linear")])
            : call.Attributes.Has("each") ? Linearity.Each([.. call.Attributes.Ints("each")])
            : Linearity.None,
        Vjp = Vjp,
        Summary = "a function of the author's",
    };

    private static readonly OperatorDefinition Derivative = new(Backward)
    {
        Factors = BackwardFactors,
        Linearity = call => Linearity.Joint([.. Enumerable.Range(0, call.Attributes.Int("cotangents"))]),
        Element = (call, result) => Floating(call).ElementAt(result).Tensor.Element,
        Summary = "the vector-Jacobian product of a function of the author's",
    };

    /// <summary>The operator of that name, or null.</summary>
    public static OperatorDefinition? Find(string name) => name switch
    {
        Forward => Function,
        Backward => Derivative,
        _ => null,
    };

    private static FactorTemplate Factors(OperatorCall call)
    {
        var template = Parse(call.Attributes, [.. call.Operands.Select(o => o.Tensor.Rank)]);
        var shown = Names(template.Operands);
        var kept = template.Results.Select(r => Names([r])).ToList();
        string[] reduced = Words(call.Attributes, "reduce"), whole = Words(call.Attributes, "whole");
        // What a result alone has, what one result lacks, and numbers are computed from the whole.
        var needed = shown.Concat(kept.SelectMany(k => k)).Distinct().Where(f =>
            !reduced.Contains(f) && (whole.Contains(f) || char.IsDigit(f[0]) || !shown.Contains(f) || kept.Any(k => !k.Contains(f))));
        return template.Reduce(reduced).Replicate([.. needed]);
    }

    private static FactorTemplate BackwardFactors(OperatorCall call)
    {
        var cotangents = call.Attributes.Int("cotangents");
        ImmutableArray<Value> operands = [.. call.Operands.Skip(cotangents)];
        var forward = Factors(new OperatorCall(Forward, operands, call.Attributes));
        var floating = call.Attributes.Ints("results");
        var results = operands.Select((o, i) => (o, i)).Where(p => p.o.IsDifferentiable).Select(p => forward.Operands[p.i]).ToImmutableArray();
        var template = forward with { Operands = [.. floating.Select(i => forward.Results[i]), .. forward.Operands], Results = results };
        var split = Names(template.Operands).Where(f => !forward.Kinds.TryGetValue(f, out var kind) || kind != FactorKind.NeedReplication).ToList();
        return (template with { Kinds = forward.Kinds.RemoveRange(split) }).Reduce([.. split.Where(f => results.Any(r => !Names([r]).Contains(f)))]);
    }

    private static ImmutableArray<Value?> Vjp(VjpContext v)
    {
        var floating = Enumerable.Range(0, v.Forward.Results.Length).Where(i => v.Forward.Results[i].IsDifferentiable).ToList();
        var cotangents = floating.Select(i => v.Cotangents[i] ?? v.Zeros(v.Result(i).Tensor));
        var attributes = v.Attributes.With("cotangents", floating.Count).With("results", floating).With("count", v.Forward.Results.Length);
        var products = new Queue<Value>(v.ApplyAll(Backward, attributes, [.. cotangents, .. v.Forward.Operands]));
        return [.. v.Forward.Operands.Select(o => o.IsDifferentiable ? products.Dequeue() : null)];
    }

    private static IEnumerable<Value> Floating(OperatorCall backward) => backward.Operands.Skip(backward.Attributes.Int("cotangents")).Where(o => o.IsDifferentiable);

    private static FactorTemplate Parse(Attributes attributes, int[] ranks)
    {
        var template = FactorTemplate.Parse(((TextAttribute)attributes.Find("rule")!).Value, ranks);
        foreach (var number in Names(template.Operands.AddRange(template.Results)).Where(f => char.IsDigit(f[0])))
            template = template.Size(number, DimParser.Parse(number));
        return attributes.Where(a => a.Key.StartsWith(SizePrefix, StringComparison.Ordinal))
            .Aggregate(template, (known, a) => known.Size(a.Key.Substring(SizePrefix.Length), ((DimAttribute)a.Value).Value));
    }

    private static HashSet<string> Names(ImmutableArray<ImmutableArray<ImmutableArray<string>>> tensors) => [.. tensors.SelectMany(t => t).SelectMany(d => d)];

    private static string[] Words(Attributes attributes, string key) =>
        attributes.Find(key) is TextAttribute text ? text.Value.Split(Space, StringSplitOptions.RemoveEmptyEntries) : [];
}
