using System.Collections.Immutable;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using GShard.Generator.Model;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>
/// The mesh of a class: the axes of its <c>[Mesh]</c> attributes, else those of the assembly, else one axis named <c>device</c> of the
/// size that the annotations agree on.
/// </summary>
internal static class MeshReader
{
    public const string OnlyAxis = "device";

    private const int MostAxes = 4;

    public static Mesh Read(INamedTypeSymbol type, IReadOnlyList<SplitAnnotation> splits, FindingBag findings)
    {
        var attributes = Of(type.GetAttributes());
        if (attributes.Count == 0) attributes = Of(type.ContainingAssembly.GetAttributes());
        if (attributes.Count > 0) return Declared(type, attributes, findings);

        var counts = splits.Where(s => s.Axis is null && s.Count > 0).ToList();
        if (counts.FirstOrDefault(s => s.Count != counts[0].Count) is { } other)
        {
            findings.Report("GSH0005", other.Source, type,
                $"'{type.Name}' is split into {counts[0].Count} and into {other.Count} over one axis; where the numbers differ, declare the axes, as in "
                + $"[Mesh(\"data\", {counts[0].Count}), Mesh(\"model\", {other.Count})], and name one in each [Split(dim, \"axis\")].");
        }

        var agreed = counts.Select(s => s.Count).Distinct().Count() == 1;
        return new Mesh([new MeshAxis(OnlyAxis, agreed ? counts[0].Count : null)]);
    }

    /// <summary>The axes over which every parameter is split: those with <c>Zero = 3</c>.</summary>
    public static ImmutableArray<string> FullyShardedAxes(INamedTypeSymbol type)
    {
        var attributes = Of(type.GetAttributes());
        if (attributes.Count == 0) attributes = Of(type.ContainingAssembly.GetAttributes());
        return [.. attributes.Where(a => Zero(a) == 3).Select(a => a.ConstructorArguments.FirstOrDefault().Value).OfType<string>()];
    }

    /// <summary>The axis over which optimizers split their state, and whether gradients are split too: the one with <c>Zero = 1</c> or <c>2</c>.</summary>
    public static WeightUpdate? WeightUpdate(INamedTypeSymbol type)
    {
        var attributes = Of(type.GetAttributes());
        if (attributes.Count == 0) attributes = Of(type.ContainingAssembly.GetAttributes());
        return attributes.FirstOrDefault(a => Zero(a) is 1 or 2) is { } attribute && attribute.ConstructorArguments.FirstOrDefault().Value is string axis
            ? new WeightUpdate(axis, Zero(attribute) == 2)
            : null;
    }

    private static int Zero(AttributeData attribute) => attribute.NamedArguments.FirstOrDefault(n => n.Key == "Zero").Value.Value as int? ?? 0;

    private static Mesh Declared(INamedTypeSymbol type, List<AttributeData> attributes, FindingBag findings)
    {
        var axes = ImmutableArray.CreateBuilder<MeshAxis>();
        foreach (var attribute in attributes)
        {
            if (attribute.ConstructorArguments.Length == 0 || attribute.ConstructorArguments[0].Value is not string name) continue;
            var size = attribute.ConstructorArguments.Length > 1 ? attribute.ConstructorArguments[1].Value as int? ?? 0 : 0;
            if (!IsName(name))
                findings.Report("GSH0016", attribute, type, $"'{name}' cannot name a mesh axis; use letters, digits and '_', and begin with a letter.");
            else if (axes.Any(a => a.Name == name))
                findings.Report("GSH0016", attribute, type, $"The mesh axis '{name}' is declared twice for '{type.Name}'; declare each axis once.");
            else if (size < 0)
                findings.Report("GSH0016", attribute, type, $"The mesh axis '{name}' cannot have the size {size}; give a positive size, or none where it is known at run time only.");
            else if (Zero(attribute) is not (0 or 1 or 2 or 3) and var stage)
                findings.Report("GSH0016", attribute, type, $"The mesh axis '{name}' cannot have Zero = {stage}; give 1 to split optimizer state over it, 2 for gradients too, 3 for the parameters themselves.");
            else if (Zero(attribute) is 1 or 2 && attributes.Find(a => Zero(a) is 1 or 2) != attribute)
                findings.Report("GSH0016", attribute, type, $"Two mesh axes of '{type.Name}' have Zero = 1 or 2, but optimizer state is split over one; leave Zero = {Zero(attribute)} of '{name}' out.");
            else axes.Add(new MeshAxis(name, size == 0 ? null : size) { SplitsUpdates = Zero(attribute) is 1 or 2, SplitsWeights = Zero(attribute) == 3 });
        }

        if (axes.Count > MostAxes)
            findings.Report("GSH0016", attributes[MostAxes], type, $"The mesh of '{type.Name}' has {axes.Count} axes, but a mesh has one to {MostAxes}; merge some of them.");
        return new Mesh(axes.ToImmutable());
    }

    private static bool IsName(string name) => name.Length > 0 && char.IsLetter(name[0]) && name.All(c => char.IsLetterOrDigit(c) || c == '_');

    private static List<AttributeData> Of(ImmutableArray<AttributeData> attributes) =>
        [.. attributes.Where(a => KnownTypes.IsOurs(a, "MeshAttribute")).OrderBy(a => a.ApplicationSyntaxReference?.Span.Start ?? 0)];
}
