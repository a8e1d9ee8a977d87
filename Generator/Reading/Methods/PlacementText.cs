using System.Collections.Immutable;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Reading.Methods;

/// <summary>The text of a local region's placements: <c>B@data K@model, K@model H -> B@data H</c>.</summary>
/// <param name="Rule">The factor string without axes.</param>
/// <param name="Operands">The axes of each dim of each operand.</param>
/// <param name="Reduced">Dims that are split and that no result has.</param>
/// <param name="Whole">Dims that are not split.</param>
internal sealed record PlacementText(
    string Rule, ImmutableArray<ImmutableArray<ImmutableArray<string>>> Operands, ImmutableArray<string> Reduced, ImmutableArray<string> Whole)
{
    /// <summary>Reads a text; what is wrong with it, as the end of a sentence, or null.</summary>
    public static string? Parse(string text, Mesh mesh, int operands, int results, out PlacementText? parsed)
    {
        parsed = null;
        var rule = System.Text.RegularExpressions.Regex.Replace(text, "@[^ @,]*", "");
        if (FactorText.Fault(rule, operands, results) is { } fault) return fault;
        if (rule.IndexOfAny(['(', ')']) >= 0 || rule.Contains("...")) return $"has a parenthesis or '...' in \"{text}\"; name each dim.";
        var axes = new Dictionary<string, ImmutableArray<string>>(StringComparer.Ordinal);
        var sides = text.Split(["->"], StringSplitOptions.None);
        var read = sides.Select(side => side.Split(',').Select(t => FactorText.Words(t).Where(w => w != ".").ToImmutableArray()).ToImmutableArray()).ToList();
        foreach (var word in read.SelectMany(side => side).SelectMany(t => t))
        {
            var parts = word.Split('@');
            var (dim, own) = (parts[0], parts.Skip(1).ToImmutableArray());
            if (own.FirstOrDefault(a => mesh.Find(a) is null) is { } unknown)
                return $"splits '{dim}' over '{unknown}', which is no axis of the mesh ({mesh}); name an axis that it has.";
            if (!own.SequenceEqual(own.OrderBy(mesh.IndexOf))) return $"splits '{dim}' over {string.Join(" and ", own.Select(a => $"'{a}'"))}, which is not the order of the mesh ({mesh}); name the major axis first.";
            if (axes.TryGetValue(dim, out var known) && !known.SequenceEqual(own)) return $"has '{dim}' in two ways, {Print(dim, known)} and {Print(dim, own)}; split it alike everywhere.";
            axes[dim] = own;
        }

        foreach (var tensor in read.SelectMany(side => side))
            if (tensor.SelectMany(w => w.Split('@').Skip(1)).GroupBy(a => a).FirstOrDefault(g => g.Count() > 1) is { } twice)
                return $"splits two dims of one tensor over '{twice.Key}'; an axis can split one dim only.";
        var shown = FactorText.Names(rule, 0);
        if (FactorText.Names(rule, 1).FirstOrDefault(d => !shown.Contains(d) && char.IsLetter(d[0])) is { } own1) return $"has '{own1}' in a result and in no operand, so that its size is not known; write a number.";
        var kept = read[1].Select(t => t.Select(w => w.Split('@')[0]).ToImmutableHashSet()).ToList();
        ImmutableArray<string> reduced = [.. axes.Where(a => !a.Value.IsEmpty && kept.All(k => !k.Contains(a.Key))).Select(a => a.Key)];
        if (axes.FirstOrDefault(a => !a.Value.IsEmpty && !reduced.Contains(a.Key) && kept.Any(k => !k.Contains(a.Key))).Key is { } some)
            return $"keeps '{some}', which is split, in one result and lacks it in another; return the two from regions of their own.";
        parsed = new(rule, [.. read[0].Select(t => t.Select(w => w.Split('@').Skip(1).ToImmutableArray()).ToImmutableArray())], reduced, [.. axes.Where(a => a.Value.IsEmpty && char.IsLetter(a.Key[0])).Select(a => a.Key)]);
        return null;
    }

    private static string Print(string dim, ImmutableArray<string> axes) => dim + string.Concat(axes.Select(a => "@" + a));
}
