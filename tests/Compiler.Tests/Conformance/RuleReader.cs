using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Tests.Conformance;

/// <summary>Reads a rule as Shardy prints it: <c>([i, k], [k, j])->([i, j]) {i=8, k=4, j=16} reduction={k}</c>.</summary>
internal static partial class RuleReader
{
    public static FactorRule Read(string text)
    {
        var match = Whole().Match(text);
        Assert.True(match.Success, $"'{text}' is not a rule.");
        var kinds = Kind().Matches(match.Groups["kinds"].Value)
            .Select(m => (Kind: m.Groups["kind"].Value, Names: m.Groups["names"].Value.Split(", ")))
            .ToList();
        var factors = Size().Matches(match.Groups["sizes"].Value)
            .Select(m => new Factor(m.Groups["name"].Value, long.Parse(m.Groups["size"].Value, CultureInfo.InvariantCulture), KindOf(m.Groups["name"].Value)))
            .OrderBy(f => f.Name, StringComparer.Ordinal)
            .ToImmutableArray();
        return new(factors, Tensors("operands"), Tensors("results"));

        FactorKind KindOf(string name)
        {
            bool Has(string kind) => kinds.Any(k => k.Kind == kind && k.Names.Contains(name));
            return Has("blocked_propagation") ? FactorKind.Blocked
                : Has("need_replication") ? FactorKind.NeedReplication
                : Has("permutation") ? FactorKind.Permutation
                : Has("reduction") ? FactorKind.Reduction
                : FactorKind.PassThrough;
        }

        ImmutableArray<TensorFactors> Tensors(string group) =>
            [.. Tensor().Matches(match.Groups[group].Value).Select(m => new TensorFactors(
                [.. m.Groups["dims"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(dim =>
                    Name().Matches(dim).Select(n => factors.ToList().FindIndex(f => f.Name == n.Value)).ToImmutableArray())]))];
    }

    [GeneratedRegex(@"^\((?<operands>.*)\)->\((?<results>.*?)\)\s*(\{(?<sizes>[^}]*)\})?(?<kinds>.*)$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"(?<kind>\w+)=\{(?<names>[^}]*)\}")]
    private static partial Regex Kind();

    [GeneratedRegex(@"(?<name>\w+)=(?<size>\d+)")]
    private static partial Regex Size();

    [GeneratedRegex(@"\[(?<dims>[^\]]*)\]")]
    private static partial Regex Tensor();

    [GeneratedRegex(@"[a-z](_\d+)?")]
    private static partial Regex Name();
}
