using System.Collections.Immutable;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading;

/// <summary>
/// Weights that a constructor makes one, as <c>output.weight = embedding.weight</c> does: one parameter lies in one way under both names, so the
/// annotations of either hold for both.
/// </summary>
internal sealed class TiedWeights(Compilation compilation, INamedTypeSymbol type, FindingBag findings)
{
    /// <summary>The fields with the sharding of tied weights settled, and the names of those that are tied to another.</summary>
    public (ImmutableArray<Field> Fields, ImmutableArray<string> Names) Unite(ImmutableArray<Field> fields)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var (left, right) in Pairs(fields).Distinct())
        {
            if (left == right || Find(fields, left) is not { } first || Find(fields, right) is not { } second || first.Sharding is null || second.Sharding is null) continue;
            foreach (var name in new[] { left, right })
                if (!names.Contains(name)) names.Add(name);
            var annotated = IsSaid(first) ? first : second;
            var (a, b) = (first.Sharding.Close(), second.Sharding.Close());
            if (IsSaid(first) && IsSaid(second) && !a.Equals(b))
            {
                findings.Report("GSH0020", first.Symbol,
                    $"'{left}' and '{right}' are one parameter, but are annotated to lie in two ways: {Print(first)} and {Print(second)}; annotate both alike, or one of them only.");
                continue;
            }

            fields = Replace(Replace(fields, first, annotated), second, annotated);
        }

        return (fields, names.ToImmutable());
    }

    private IEnumerable<(string, string)> Pairs(ImmutableArray<Field> fields)
    {
        var byName = fields.GroupBy(f => f.Name).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        foreach (var constructor in type.InstanceConstructors.SelectMany(c => c.DeclaringSyntaxReferences).Select(r => r.GetSyntax()).Where(s => compilation.ContainsSyntaxTree(s.SyntaxTree)))
        {
            var model = compilation.GetSemanticModel(constructor.SyntaxTree);
            foreach (var assignment in constructor.DescendantNodes().OfType<AssignmentExpressionSyntax>())
                if (model.GetOperation(assignment) is ISimpleAssignmentOperation { Target: var target, Value: var value } && NameOf(target, byName) is { } left && NameOf(value, byName) is { } right)
                    yield return (left, right);
        }
    }

    /// <summary>The full name of the weight that an expression is, or null.</summary>
    private static string? NameOf(IOperation expression, Dictionary<string, Field> fields)
    {
        while (expression is IConversionOperation conversion) expression = conversion.Operand;
        return expression switch
        {
            IMemberReferenceOperation { Instance: IInstanceReferenceOperation } own when fields.TryGetValue(own.Member.Name, out var field) && field is WeightDeclaration weight => weight.FullName,
            IMemberReferenceOperation { Instance: IMemberReferenceOperation { Instance: IInstanceReferenceOperation } module } of
                when fields.TryGetValue(module.Member.Name, out var field) && field is LibraryModule library && library.Weights.TryGetValue(of.Member.Name, out var weight) => weight.FullName,
            _ => null,
        };
    }

    private static IEnumerable<WeightDeclaration> WeightsOf(Field field) =>
        field is WeightDeclaration weight ? [weight] : field is LibraryModule module ? module.Weights.Values : Enumerable.Empty<WeightDeclaration>();

    private static WeightDeclaration? Find(ImmutableArray<Field> fields, string name) => fields.SelectMany(WeightsOf).FirstOrDefault(w => w.FullName == name);

    // Dims that are open would let propagation lay one name otherwise than the other.
    private static ImmutableArray<Field> Replace(ImmutableArray<Field> fields, WeightDeclaration weight, WeightDeclaration like)
    {
        var united = weight with { Sharding = like.Sharding!.Close(), Uneven = weight.Uneven || like.Uneven };
        return [.. fields.Select(field => field switch
        {
            WeightDeclaration own when own.FullName == weight.FullName => united,
            LibraryModule module when module.Weights.FirstOrDefault(w => w.Value.FullName == weight.FullName) is { Key: { } key } => module with { Weights = module.Weights.SetItem(key, united) },
            _ => field,
        })];
    }

    // What no annotation speaks of is open in every dim.
    private static bool IsSaid(WeightDeclaration weight) => weight.Sharding!.Dims.Any(d => !d.Axes.IsEmpty || !d.IsOpen);

    private static bool IsSplit(WeightDeclaration weight) => weight.Sharding!.Dims.Any(d => !d.Axes.IsEmpty);

    private static string Print(WeightDeclaration weight) => IsSplit(weight)
        ? string.Join(" and ", weight.Sharding!.Dims.Select((d, i) => (d, i)).Where(p => !p.d.Axes.IsEmpty).Select(p => $"dim {p.i} over {string.Join(" and ", p.d.Axes.Select(a => $"'{a.Name}'"))}"))
        : "replicated";
}
