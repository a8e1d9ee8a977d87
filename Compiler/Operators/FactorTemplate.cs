using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Operators;

/// <summary>
/// The factors of an operator call before sizes are known: names per dim, kinds, and sizes of factors that no operand shows.
/// </summary>
/// <param name="Operands">Per tensor operand, per dim, factor names major to minor; none for a dim of size 1 that broadcasts.</param>
/// <param name="Results">The same for results.</param>
public sealed record FactorTemplate(
    ImmutableArray<ImmutableArray<ImmutableArray<string>>> Operands,
    ImmutableArray<ImmutableArray<ImmutableArray<string>>> Results)
{
    /// <summary>Kinds of factors that are not pass-through.</summary>
    public ImmutableDictionary<string, FactorKind> Kinds { get; init; } = ImmutableDictionary<string, FactorKind>.Empty;

    /// <summary>Reductions of reduction factors that are not sums.</summary>
    public ImmutableDictionary<string, Shardings.Reduction> Reductions { get; init; } = ImmutableDictionary<string, Shardings.Reduction>.Empty;

    /// <summary>Sizes of factors that no operand determines.</summary>
    public ImmutableDictionary<string, Dim> Sizes { get; init; } = ImmutableDictionary<string, Dim>.Empty;

    /// <summary>Factors that are split with another of another size.</summary>
    public ImmutableDictionary<string, string> Ties { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// Reads <c>... i, o i -> ... o</c>. A word is a factor, <c>1</c> a broadcast dim, <c>(a b)</c> a dim of several factors, <c>...</c>
    /// stands for as many leading dims as the operand's rank leaves, aligned from the right, <c>.</c> for no dims.
    /// </summary>
    public static FactorTemplate Parse(string text, params int[] ranks)
    {
        var sides = text.Split(["->"], StringSplitOptions.None);
        var operands = sides[0].Split(',').Select(Words).ToList();
        var rest = operands.Select((words, i) => words.Contains("...") ? ranks[i] - (words.Count - 1) : 0).ToList();
        var most = rest.DefaultIfEmpty(0).Max();
        return new FactorTemplate(
            [.. operands.Select((words, i) => Expand(words, rest[i], most))],
            [.. sides[1].Split(',').Select(s => Expand(Words(s), most, most))]);
    }

    /// <summary>A factor per dim: <c>.0</c>, <c>.1</c>, …</summary>
    public static ImmutableArray<ImmutableArray<string>> Dims(int rank) => [.. Enumerable.Range(0, rank).Select(i => (ImmutableArray<string>)["." + i])];

    /// <summary>An operand and a result with the same dims.</summary>
    public static FactorTemplate Same(int rank) => new([Dims(rank)], [Dims(rank)]);

    /// <summary>This template with the factors (by name) of a kind.</summary>
    public FactorTemplate With(FactorKind kind, params string[] factors) => this with { Kinds = Kinds.SetItems(factors.Select(f => new KeyValuePair<string, FactorKind>(f, kind))) };

    /// <summary>This template with these factors reduced (summed).</summary>
    public FactorTemplate Reduce(params string[] factors) => With(FactorKind.Reduction, factors);

    /// <summary>This template with these factors whole on every rank.</summary>
    public FactorTemplate Replicate(params string[] factors) => With(FactorKind.NeedReplication, factors);

    /// <summary>This template with the size of a factor that no operand shows.</summary>
    public FactorTemplate Size(string factor, Dim size) => this with { Sizes = Sizes.SetItem(factor, size) };

    /// <summary>This template with a factor that is split where another is.</summary>
    public FactorTemplate Tie(string factor, string to) => this with { Ties = Ties.SetItem(factor, to) };

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        foreach (var part in text.Trim().Replace("(", " ( ").Replace(")", " ) ").Split([' '], StringSplitOptions.RemoveEmptyEntries))
        {
            var open = words.Count > 0 && words[words.Count - 1].StartsWith("(", StringComparison.Ordinal) && !words[words.Count - 1].EndsWith(")", StringComparison.Ordinal);
            if (open) words[words.Count - 1] += part == ")" ? ")" : " " + part;
            else if (part != ".") words.Add(part);
        }

        return words;
    }

    private static ImmutableArray<ImmutableArray<string>> Expand(List<string> words, int count, int most) =>
        [.. words.SelectMany(word => word == "..."
            ? Enumerable.Range(most - count, count).Select(i => (ImmutableArray<string>)["." + i])
            : [Dim(word)])];

    private static ImmutableArray<string> Dim(string word) => word switch
    {
        "1" => [],
        ['(', ..] => [.. word.Trim('(', ')').Split([' '], StringSplitOptions.RemoveEmptyEntries)],
        _ => [word],
    };
}
