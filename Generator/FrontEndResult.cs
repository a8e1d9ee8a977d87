using System.Collections.Immutable;
using GShard.Generator.Diagnostics;
using GShard.Generator.Model;
using GShard.Generator.Reading;

namespace GShard.Generator;

/// <summary>
/// What the front end made of one <c>[Sharded]</c> class. Equal where class, programs and findings are; line numbers do not count.
/// </summary>
/// <param name="Class">
/// The class, read and compiled; methods with errors have no program. Null where not even the class's face can be generated.
/// </param>
/// <param name="Findings">What the author should know, in order of place.</param>
public sealed record FrontEndResult(ShardedClass? Class, ImmutableArray<LocatedFinding> Findings)
{
    /// <summary>Finds the lines of places in the class.</summary>
    internal SourceMap Places { get; init; } = new();

    private readonly Lazy<string> text = new(() => Class is null ? "" : ClassText.Print(Class));

    /// <inheritdoc/>
    public bool Equals(FrontEndResult? other) =>
        other is not null && text.Value == other.text.Value
        && Findings.Select(f => f.Finding).SequenceEqual(other.Findings.Select(f => f.Finding));

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(text.Value);
}
