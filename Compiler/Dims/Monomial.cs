using System.Collections.Immutable;

namespace GShard.Compiler.Dims;

/// <summary>A product of atoms with integer powers, in ordinal order: <c>M·heads⁻¹</c>. The empty product is 1.</summary>
internal sealed class Monomial : IEquatable<Monomial>, IComparable<Monomial>
{
    public static readonly Monomial One = new([]);

    private Monomial(ImmutableArray<(string Atom, int Power)> factors)
    {
        Factors = factors;
        Key = string.Join("*", factors.Select(f => f.Power == 1 ? f.Atom : f.Atom + "^" + f.Power));
    }

    public ImmutableArray<(string Atom, int Power)> Factors { get; }

    /// <summary>Canonical text; equal monomials have equal keys.</summary>
    public string Key { get; }

    public static Monomial Of(string atom) => new([(atom, 1)]);

    public Monomial Multiply(Monomial other, int sign = 1)
    {
        var powers = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (atom, power) in Factors) powers[atom] = power;
        foreach (var (atom, power) in other.Factors)
        {
            powers.TryGetValue(atom, out var before);
            powers[atom] = before + sign * power;
        }

        return new([.. powers.Where(p => p.Value != 0).Select(p => (p.Key, p.Value))]);
    }

    public bool Equals(Monomial? other) => other is not null && Key == other.Key;

    public override bool Equals(object? obj) => Equals(obj as Monomial);

    public override int GetHashCode() => Key.GetHashCode();

    /// <summary>Higher degree first, then by name, so that polynomials print as people write them.</summary>
    public int CompareTo(Monomial? other)
    {
        if (other is null) return -1;
        var degree = other.Factors.Sum(f => f.Power).CompareTo(Factors.Sum(f => f.Power));
        return degree != 0 ? degree : string.CompareOrdinal(Key, other.Key);
    }
}
