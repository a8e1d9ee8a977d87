using System.Collections.Immutable;
using GShard.Compiler;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Diagnostics;

/// <summary>
/// All diagnostics: GSH0xxx usage, 1xxx shapes, 2xxx sharding, 3xxx communication, 4xxx what the compiler does not read, 5xxx TorchSharp habits.
/// An id is never reused; each has a page in <c>docs/diagnostics</c>.
/// </summary>
internal static class DiagnosticCatalog
{
    private static readonly ImmutableDictionary<string, (Severity Severity, string Title)> Entries = new (string Id, Severity Severity, string Title)[]
    {
        ("GSH0001", Severity.Error, "A sharded class must be partial"),
        ("GSH0002", Severity.Error, "The types around a sharded class must be partial"),
        ("GSH0003", Severity.Warning, "An annotation without [Sharded] does nothing"),
        ("GSH0004", Severity.Error, "An annotation names a dim that the tensor does not have"),
        ("GSH0005", Severity.Error, "A promised number of chunks is not the size of the axis"),
        ("GSH0006", Severity.Error, "An annotation names an axis that the mesh does not have"),
        ("GSH0007", Severity.Error, "Annotations of one tensor contradict each other"),
        ("GSH0008", Severity.Error, "A tensor is split twice over one axis"),
        ("GSH0009", Severity.Error, "An annotation must name its axis"),
        ("GSH0010", Severity.Error, "An annotation names a result or parameter that is not there"),
        ("GSH0011", Severity.Error, "A sharded class must be a module with a forward method"),
        ("GSH0012", Severity.Error, "A sharded class cannot be static, abstract or a file-local type"),
        ("GSH0013", Severity.Error, "An annotation stands on something that is no tensor"),
        ("GSH0014", Severity.Error, "A [Shape] cannot be read"),
        ("GSH0015", Severity.Error, "A [Shard] tile does not fit the mesh"),
        ("GSH0016", Severity.Error, "The mesh is declared wrongly"),
        ("GSH0017", Severity.Error, "A type that the sharded module needs is not visible to it"),
        ("GSH0018", Severity.Error, "A [ShardRule] or the placements of a local region cannot be read"),
        ("GSH0019", Severity.Error, "A dim that its axis does not divide is not declared uneven"),
        ("GSH0020", Severity.Error, "Tied weights are annotated to lie in two ways"),
        ("GSH0021", Severity.Error, "A function that draws random numbers has no backward of its own"),
        ("GSH1001", Severity.Error, "Shapes do not agree"),
        ("GSH1002", Severity.Error, "An einsum equation is malformed"),
        ("GSH1003", Severity.Error, "A tensor's dims are not known"),
        ("GSH1004", Severity.Error, "An argument does not have the shape that the submodule takes"),
        ("GSH1005", Severity.Error, "A result does not have the shape that its annotation says"),
        ("GSH1006", Severity.Error, "A branch or loop changes a tensor's shape or type"),
        ("GSH2001", Severity.Warning, "Annotations ask for different splits of one operation"),
        ("GSH3001", Severity.Info, "A sum over ranks is completed by an all-reduce"),
        ("GSH4001", Severity.Error, "A statement that the compiler does not read"),
        ("GSH4002", Severity.Error, "An expression that the compiler does not read"),
        ("GSH4003", Severity.Error, "A member that the compiler does not know"),
        ("GSH4004", Severity.Error, "An operator without a sharding rule"),
        ("GSH4005", Severity.Error, "An argument that the compiler does not read"),
        ("GSH4006", Severity.Error, "A recursion"),
        ("GSH4007", Severity.Error, "A submodule that the compiler does not know"),
        ("GSH4008", Severity.Error, "A sharded submodule that cannot be compiled"),
        ("GSH4009", Severity.Error, "A condition or size that depends on a tensor's values"),
        ("GSH4010", Severity.Error, "A parameter or result that is no tensor"),
        ("GSH4011", Severity.Error, "An operation in place"),
        ("GSH4012", Severity.Error, "The compiler failed"),
        ("GSH5001", Severity.Info, "torch's dropout is compiled to dropout by counter"),
        ("GSH5002", Severity.Info, "torch's random numbers are compiled to random numbers by counter"),
        ("GSH5003", Severity.Warning, "torch's norm of gradients counts this rank's parts alone"),
    }.ToImmutableDictionary(e => e.Id, e => (e.Severity, e.Title), StringComparer.Ordinal);

    /// <summary>All diagnostics, in order of id.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
        [.. Entries.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => Describe(e.Key, e.Value.Severity))];

    /// <summary>The severity that a diagnostic has unless a finding says otherwise.</summary>
    public static Severity SeverityOf(string id) => Entries.TryGetValue(id, out var entry) ? entry.Severity : Severity.Error;

    /// <summary>The diagnostic of a finding, at the finding's severity.</summary>
    public static DiagnosticDescriptor Find(Finding finding) => Describe(finding.Id, finding.Severity);

    private static DiagnosticDescriptor Describe(string id, Severity severity) => new(
        id,
        Entries.TryGetValue(id, out var entry) ? entry.Title : "A finding of the sharding compiler",
        "{0}",
        CategoryOf(id),
        severity switch { Severity.Error => DiagnosticSeverity.Error, Severity.Warning => DiagnosticSeverity.Warning, _ => DiagnosticSeverity.Info },
        isEnabledByDefault: true,
        helpLinkUri: "https://github.com/gshard/gshard-codegen/blob/main/docs/diagnostics/" + id + ".md");

    private static string CategoryOf(string id) => id.Length < 4 ? "GShard" : id[3] switch
    {
        '0' => "GShard.Usage",
        '1' => "GShard.Shapes",
        '2' => "GShard.Sharding",
        '3' => "GShard.Communication",
        '4' => "GShard.Unsupported",
        _ => "GShard.Habits",
    };
}
