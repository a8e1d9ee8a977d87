using System.Text.Json;

namespace GShard.Compiler.Tests.Conformance;

/// <summary>
/// Facts from Shardy's test suite (OpenXLA, Apache-2.0) as data: <c>../shared/conformance</c> beside the checkout, or the folder that
/// <c>GSHARD_CONFORMANCE</c> names. It is no part of this repository.
/// </summary>
internal static class ConformanceData
{
    /// <summary>Where the data lies, or null.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Why the tests cannot run here, or null where they can. With <c>CI=true</c> they run, and fail.</summary>
    public static string? SkipReason =>
        Folder is null && Environment.GetEnvironmentVariable("CI") != "true"
            ? "The conformance data is absent: put it into ../shared/conformance or name its folder in GSHARD_CONFORMANCE."
            : null;

    /// <summary>The names of a file's cases; one row that fails where the data is absent.</summary>
    public static IEnumerable<object[]> Names(string file) =>
        Folder is null ? [["(data absent)"]] : Cases(file).Keys.Select(name => new object[] { name });

    /// <summary>A file's cases by name.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Cases(string file)
    {
        Assert.True(Folder is not null, "The conformance data is absent: expected ../shared/conformance beside the checkout, or GSHARD_CONFORMANCE=DIR.");
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder!, file)));
        return document.RootElement.GetProperty("cases").EnumerateArray().ToDictionary(NameOf, c => c.Clone());
    }

    private static string NameOf(JsonElement testCase) =>
        testCase.TryGetProperty("kind", out var kind) ? $"{kind.GetString()}: {testCase.GetProperty("name").GetString()}" : testCase.GetProperty("name").GetString()!;

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("GSHARD_CONFORMANCE") is { Length: > 0 } named) return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "GShard.Codegen.sln")))
            {
                var beside = Path.Combine(folder.FullName, "..", "shared", "conformance");
                return Directory.Exists(beside) ? beside : null;
            }

        return null;
    }
}

/// <summary>A theory over the conformance data, skipped at discovery where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ConformanceTheoryAttribute : TheoryAttribute
{
    public ConformanceTheoryAttribute() => Skip = ConformanceData.SkipReason;
}
