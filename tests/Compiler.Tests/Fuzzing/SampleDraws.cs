using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Tests.Operators;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>
/// Draws a call of any operator of the table after one of its samples: the sample's sizes become symbols where no constant of the call
/// depends on them, values in sight that fit its pattern of sizes become operands, and parameters are made for the rest.
/// </summary>
internal static class SampleDraws
{
    private static readonly string[] SizeKeys =
        ["shape", "size", "start", "length", "end", "n", "k", "classes", "rows", "pad", "groups", "capacity", "kernel_size", "stride", "padding", "dilation", "shifts", "index", "padding_idx", "output_size", "scale_factor", "num_classes", "sections", "chunks", "output_padding"];

    private static readonly string[] Scalars = ["0.5", "-0.75", "1.25", "2", "rate", "-rate"];

    private static readonly Dictionary<string, OperatorSample[]> ByName =
        OperatorSamples.All.Where(s => !IsKernel(s.Name)).GroupBy(s => s.Name).ToDictionary(g => g.Key, g => g.ToArray());

    /// <summary>The operators that can be drawn.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ByName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether an operator is made by derivatives only.</summary>
    public static bool IsKernel(string name) => name.EndsWith("_backward", StringComparison.Ordinal) || name.Contains("_backward_", StringComparison.Ordinal);

    /// <summary>Draws a call of an operator; null where none fits.</summary>
    public static Known[]? Draw(Scope scope, string name)
    {
        // In C#, a whole number among real ones would be taken for one of them.
        var samples = scope.Draft.Options.Real == "float" || OperatorTable.Get(name).Factors != Pointwise.Broadcast ? ByName[name]
            : [.. ByName[name].Where(s => s.Operation.Operands.All(o => o.Type is not TensorType { Element: not ElementType.Bool and not ElementType.Float64 }))];
        // In C#, a layer norm has both a weight and a bias, or neither.
        if (scope.Draft.Options.Real != "float" && name == "layer_norm") samples = [.. samples.Where(s => s.Operands.Length == 3)];
        if (samples.Length == 0) return null;
        var sample = samples[scope.Random.Next(samples.Length)];
        if (!scope.Draft.Options.Allows(name, sample.Operation.Attributes)) return null;
        var definition = OperatorTable.Get(name);
        var free = !sample.Operation.Attributes.Any(a => SizeKeys.Contains(a.Key));
        var tensors = sample.Operation.Operands.Where(o => o.Type is TensorType).Count();
        Known[]? operands =
            free && tensors > 0 && definition.Factors == Pointwise.Broadcast && scope.Random.Next(4) > 0 ? Broadcast(scope, sample)
            : free && tensors == 1 && scope.Random.Next(3) > 0 ? Single(scope, sample)
            : Unify(scope, sample, free);
        return operands is null ? null : scope.Apply(name, Constants(scope, sample, operands), operands);
    }

    /// <summary>One tensor of any rank.</summary>
    private static Known[]? Single(Scope scope, OperatorSample sample)
    {
        var at = sample.Operation.Operands.Select((o, i) => (o, i)).First(p => p.o.Type is TensorType).i;
        var (element, domain) = (sample.Operation.Operands[at].Tensor.Element, Domain(sample.Operands[at], []));
        var known = scope.Pick(k => scope.Fits(k, element, domain)) ?? Coerce(scope, domain, scope.PickReal()) ?? Fresh(scope, element, domain);
        return known is null ? null : [.. sample.Operation.Operands.Select((_, i) => i == at ? known : Key(scope))];
    }

    /// <summary>Tensors that broadcast with one of them.</summary>
    private static Known[]? Broadcast(Scope scope, OperatorSample sample)
    {
        var count = sample.Operation.Operands.Length;
        var lead = scope.Random.Next(count);
        while (sample.Operation.Operands[lead].Type is not TensorType) lead = (lead + 1) % count;
        var result = new Known?[count];
        for (var step = 0; step < count; step++)
        {
            var i = (lead + step) % count;
            if (sample.Operation.Operands[i].Type is not TensorType type)
            {
                result[i] = Key(scope);
                continue;
            }

            var domain = Domain(sample.Operands[i], []);
            if (step == 0)
            {
                result[i] = scope.Pick(k => scope.Fits(k, type.Element, domain)) ?? Coerce(scope, domain, type.Element.IsFloating() ? scope.PickReal() : null) ?? Fresh(scope, type.Element, domain);
            }
            else
            {
                var wide = result[lead]!.Type.Dims;
                bool Joins(ImmutableArray<Dim> dims) => dims.Length <= wide.Length && dims.Select((d, at) => d.IsOne || d.Equals(wide[wide.Length - dims.Length + at])).All(same => same);
                var known = scope.Random.Next(4) > 0 ? scope.Pick(k => Joins(k.Type.Dims) && (scope.Fits(k, type.Element, domain) || type.Element.IsFloating() && k.Value.IsDifferentiable)) : null;
                result[i] = known is null ? Narrower(scope, wide, type.Element, domain) : scope.Fits(known, type.Element, domain) ? known : Coerce(scope, domain, known);
            }

            if (result[i] is null) return null;
        }

        return result!;
    }

    private static Known? Narrower(Scope scope, ImmutableArray<Dim> wide, ElementType element, string domain)
    {
        var dropped = scope.Random.Next(3) == 0 ? scope.Random.Next(wide.Length + 1) : 0;
        return scope.Draft.Parameter(wide.Skip(dropped).Select(d => scope.Random.Next(5) == 0 ? Dim.One : d), element, domain);
    }

    /// <summary>Operands after the sample's pattern: equal sizes there are equal sizes here.</summary>
    private static Known[]? Unify(Scope scope, OperatorSample sample, bool free)
    {
        var bound = new Dictionary<long, Dim>();
        var result = new List<Known>();
        for (var i = 0; i < sample.Operation.Operands.Length; i++)
        {
            if (sample.Operation.Operands[i].Type is not TensorType type)
            {
                result.Add(Key(scope)!);
                continue;
            }

            bool Binds(Known k, Dictionary<long, Dim> bindings)
            {
                if (k.Type.Rank != type.Rank) return false;
                for (var d = 0; d < type.Rank; d++)
                {
                    var size = type.Dims[d].Value!.Value;
                    var symbolic = size != 1 && (free || IsFreeDim(sample, i, d));
                    if (!symbolic && !k.Type.Dims[d].Equals(type.Dims[d])) return false;
                    if (symbolic && bindings.TryGetValue(size, out var known) && !known.Equals(k.Type.Dims[d])) return false;
                    if (symbolic) bindings[size] = k.Type.Dims[d];
                }

                return true;
            }

            var domain = Domain(sample.Operands[i], bound);
            var isConstant = sample.Operands[i].Contains("constant", StringComparison.Ordinal);
            var found = !isConstant && scope.Random.Next(4) > 0 ? scope.Pick(k => scope.Fits(k, type.Element, domain) && Binds(k, new(bound))) : null;
            if (found is null)
            {
                var dims = type.Dims.Select((d, at) =>
                {
                    var size = d.Value!.Value;
                    if (size == 1 || !(free || IsFreeDim(sample, i, at))) return d;
                    return bound.TryGetValue(size, out var dim) ? dim : bound[size] = scope.Draft.AnyDim();
                }).ToList();
                found = scope.Draft.Parameter(dims, type.Element.IsFloating() && type.Element == ElementType.Float64 ? Real(scope) : type.Element, Domain(sample.Operands[i], bound),
                    isConstant ? ParameterKind.Buffer : null);
            }

            if (found is null || !Binds(found, bound)) return null;
            result.Add(found);
        }

        return [.. result];
    }

    /// <summary>Whether a dim's size is free though the call has constants that depend on sizes: batch and channels of windows.</summary>
    private static bool IsFreeDim(OperatorSample sample, int operand, int dim) =>
        (sample.Name.Contains("conv", StringComparison.Ordinal) || sample.Name.Contains("pool", StringComparison.Ordinal) || sample.Name.Contains("interpolate", StringComparison.Ordinal))
        && dim < (sample.Operation.Attributes.Has("groups") ? operand == 0 ? 1 : 0 : 2);

    private static string Domain(string operand, Dictionary<long, Dim> bound)
    {
        var words = operand.Split(' ').Skip(1).Where(w => w != "constant").ToArray();
        if (words.Length < 2 || words[^2] != "below") return string.Join(" ", words);
        var limit = long.Parse(words[^1], CultureInfo.InvariantCulture);
        return string.Join(" ", words[..^1].Append(bound.TryGetValue(limit, out var dim) ? dim.ToString() : words[^1]));
    }

    private static Known? Fresh(Scope scope, ElementType element, string domain) =>
        scope.Draft.Parameter(Enumerable.Range(0, scope.Random.Next(1, 5)).Select(_ => scope.Draft.AnyDim()).ToList(), element == ElementType.Float64 ? Real(scope) : element, domain);

    private static ElementType Real(Scope scope) => scope.Random.Next(12) switch { 0 => ElementType.Float64, 1 => ElementType.Float32, _ => ElementType.Float };

    /// <summary>A function of a tensor that lies in the domain.</summary>
    private static Known? Coerce(Scope scope, string domain, Known? x)
    {
        if (x is null) return null;
        return domain switch
        {
            "positive" => scope.Random.Next(3) switch
            {
                0 => scope.One("sigmoid", Attributes.None, x) is { } s ? scope.One("add_scalar", Attributes.None.WithHost("value", "0.2"), s) : null,
                1 => scope.One("tanh", Attributes.None, x) is { } t ? scope.One("exp", Attributes.None, t) : null,
                _ => scope.One("square", Attributes.None, x) is { } q ? scope.One("add_scalar", Attributes.None.WithHost("value", "0.5"), q) : null,
            },
            "above 1" => scope.One("square", Attributes.None, x) is { } q ? scope.One("add_scalar", Attributes.None.WithHost("value", "1.5"), q) : null,
            "unit" => scope.One("sin", Attributes.None, x) is { } y ? scope.One("mul_scalar", Attributes.None.WithHost("value", "0.9"), y) : null,
            _ => null,
        };
    }

    /// <summary>The key of a random operator.</summary>
    public static Known Key(Scope scope)
    {
        var value = new Value(scope.Draft.Name("key"), HostType.Key);
        var key = new Known(value, MultiRankEvaluator.KeyOf(value.Name, 1));
        scope.Add(new Operation("next_key", [], [key.Value], Attributes.None, Origin.None), [key]);
        return key;
    }

    /// <summary>The sample's constants, with dims drawn anew for the operands' ranks.</summary>
    private static Attributes Constants(Scope scope, OperatorSample sample, Known[] operands)
    {
        var random = scope.Random;
        var rank = operands.Length > 0 && operands[0].IsTensor ? operands[0].Type.Rank : 0;
        var sampleRank = operands.Length > 0 && operands[0].IsTensor ? sample.Operation.Operands[0].Tensor.Rank : 0;
        var counts = sample.Name.Contains("layer_norm", StringComparison.Ordinal) || sample.Name.Contains("rms_norm", StringComparison.Ordinal) || sample.Name == "permute";
        var result = Attributes.None;
        foreach (var (key, value) in sample.Operation.Attributes)
        {
            var indexed = operands.Length > 1 && rank == sampleRank;
            if (key == "dim" && !indexed && rank > 0) result = result.With(key, random.Next(-rank, rank));
            else if (key == "dims" && !counts && !indexed && rank > 0) result = result.With(key, Subset(random, rank, ((DimsAttribute)value).Values.Length == 1 && sample.Name is "prod"));
            else if (key == "keepdim") result = result.With(key, random.Next(2) == 0);
            else if (key == "value" && sample.Name.EndsWith("_scalar", StringComparison.Ordinal) && !sample.Name.Contains("pow", StringComparison.Ordinal)) result = result.WithHost(key, Scalar(scope, operands));
            else if (key == "training") result = result.WithHost(key, random.Next(4) == 0 ? "false" : "true");
            else result = result.With(key, value);
        }

        return result;
    }

    private static string Scalar(Scope scope, Known[] operands)
    {
        if (scope.Random.Next(5) > 0 || operands[0].Type.Rank == 0) return Scalars[scope.Random.Next(Scalars.Length)];
        return $"1.0 / Math.Sqrt({{{operands[0].Type.Dims[scope.Random.Next(operands[0].Type.Rank)]}}})";
    }

    private static IEnumerable<int> Subset(Random random, int rank, bool one)
    {
        if (one) return [random.Next(-rank, rank)];
        var chosen = Enumerable.Range(0, rank).Where(_ => random.Next(2) == 0).ToList();
        if (chosen.Count == 0) chosen.Add(random.Next(rank));
        return [.. chosen.Select(d => random.Next(4) == 0 ? d - rank : d)];
    }
}
