using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>The constants of a collective of several operands: one that gathers or scatters has <c>dims</c>, one for each operand, in place of <c>dim</c>.</summary>
public static class CombinedOperands
{
    private const string Dim = "dim";
    private const string Dims = "dims";

    /// <summary>The constants of several collectives of one kind over one axis, made one.</summary>
    internal static Attributes Join(IReadOnlyList<Operation> members)
    {
        var first = members[0].Attributes;
        return first.Has(Dim) ? Without(first, Dim).With(Dims, members.Select(m => m.Attributes.Int(Dim))) : first;
    }

    /// <summary>The constants of the collective of one operand alone.</summary>
    public static Attributes Of(Operation collective, int operand) => collective.Name is "all_gather" or "reduce_scatter" && collective.Attributes.Has(Dims)
        ? Without(collective.Attributes, Dims).With(Dim, collective.Attributes.Ints(Dims)[operand])
        : collective.Attributes;

    private static Attributes Without(Attributes attributes, string key) =>
        attributes.Where(a => a.Key != key).Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value));
}
