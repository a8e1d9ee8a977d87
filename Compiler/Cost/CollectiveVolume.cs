using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Cost;

/// <summary>The bytes that a rank sends in a collective, as a formula over dims and axis sizes, so that it holds for any mesh.</summary>
/// <param name="Bytes">Bytes of an element, times all dims that are numbers.</param>
/// <param name="Dims">The dims of the whole tensor that are symbols.</param>
/// <param name="Divisors">The axes by whose sizes it is divided; one that occurs twice divides twice.</param>
public sealed record CollectiveVolume(long Bytes, ImmutableArray<Dim> Dims, ImmutableArray<string> Divisors)
{
    private static readonly ImmutableHashSet<string> Kinds =
        ["all_reduce", "all_reduce_max", "all_reduce_min", "all_gather", "reduce_scatter", "all_to_all", "einsum_loop", "window", "window_add", "collective_permute", "global_size"];

    /// <summary>Whether an operation communicates.</summary>
    public static bool IsCollective(Operation operation) => Kinds.Contains(operation.Name);

    /// <summary>
    /// What a rank contributes to the collective; to each peer where every peer gets a part of its own (<c>all_to_all</c>,
    /// <c>reduce_scatter</c>) or the same (<c>all_gather</c>).
    /// </summary>
    public static CollectiveVolume Of(Operation collective, int operand = 0)
    {
        if (collective.Name == "global_size") return new(sizeof(long), [], []);
        var type = collective.Operands[collective.Name == "einsum_loop" ? collective.Attributes.Int("moving") : operand].Tensor;
        if (collective.Name is "window" or "window_add") return OfWindow(collective, type);
        var divisors = type.Sharding.Dims.SelectMany(d => d.Axes).Select(a => a.Name).ToList();
        if (IsToEachPeer(collective) && collective.Name is not ("all_gather" or "einsum_loop")) divisors.Add(collective.Attributes.NameText);
        var numbers = type.Dims.Where(d => d.Value is not null).Aggregate((long)type.Element.Bytes(), (product, d) => product * d.Value!.Value);
        return new(numbers, [.. type.Dims.Where(d => d.Value is null)], [.. divisors.OrderBy(a => a, StringComparer.Ordinal)]);
    }

    /// <summary>What reaches beyond a rank's border, of all other dims: a window's span but for one element, or a shift; where that is unknown, the chunk.</summary>
    private static CollectiveVolume OfWindow(Operation exchange, TensorType type)
    {
        var attributes = exchange.Attributes;
        var (dim, stride, span, start) = (attributes.Int("dim"), attributes.Size("stride"), attributes.Size("span"), attributes.Size("start").Value);
        var reach = stride.Value < 0 ? null
            : !span.IsOne ? span - 1
            : !stride.IsOne ? stride - 1
            : start is { } shift and not 0 ? Math.Abs(shift)
            : start == 0 && (attributes.Size("size") - attributes.Size("count")).Value is { } lacking ? Math.Abs(lacking)
            : (Dim?)null;
        var dims = reach is null ? type.Dims : type.Dims.SetItem(dim, reach);
        var divisors = type.Sharding.Dims.Where((_, i) => i != dim || reach is null).SelectMany(d => d.Axes).Select(a => a.Name);
        var numbers = dims.Where(d => d.Value is not null).Aggregate((long)type.Element.Bytes(), (product, d) => product * d.Value!.Value);
        return new(numbers, [.. dims.Where(d => d.Value is null)], [.. divisors.OrderBy(a => a, StringComparer.Ordinal)]);
    }

    /// <summary>The formula of all operands together: <c>4·H·M + 4·H</c>.</summary>
    public static string Formula(Operation collective) =>
        string.Join(" + ", Enumerable.Range(0, collective.Name == "einsum_loop" ? 1 : Math.Max(1, collective.Operands.Length)).Select(i => Of(collective, i))
            .GroupBy(v => (v with { Bytes = 1, Dims = [.. v.Dims.OrderBy(d => d.ToString(), StringComparer.Ordinal)] }).ToString()).Select(g => (g.First() with { Bytes = g.Sum(v => v.Bytes) }).ToString()));

    /// <summary>The bytes with every symbol and every axis at its nominal size.</summary>
    public double Nominal(Mesh mesh) =>
        Dims.Aggregate((double)Bytes, (product, dim) => product * NominalSize.Of(dim)) / Divisors.Aggregate(1.0, (product, axis) => product * (mesh.Find(axis)?.NominalSize ?? MeshAxis.Nominal));

    /// <summary>Whether the volume is what goes to each peer.</summary>
    public static bool IsToEachPeer(Operation collective) => collective.Name is "all_gather" or "reduce_scatter" or "all_to_all" or "einsum_loop";

    /// <inheritdoc/>
    public bool Equals(CollectiveVolume? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>The formula as people write it: <c>4·E·G·C·M/expert²</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Bytes.ToString(CultureInfo.InvariantCulture));
        foreach (var power in Powers(Dims.Select(d => d.Terms.Count() > 1 ? $"({d})" : d.ToString()))) text.Append('·').Append(power);
        foreach (var power in Powers(Divisors)) text.Append('/').Append(power);
        return text.ToString();
    }

    private static IEnumerable<string> Powers(IEnumerable<string> factors) =>
        factors.GroupBy(f => f, StringComparer.Ordinal).Select(g => g.Key + Superscript(g.Count()));

    private static string Superscript(int power) => power == 1 ? "" : string.Concat(power.ToString(CultureInfo.InvariantCulture).Select(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));
}
