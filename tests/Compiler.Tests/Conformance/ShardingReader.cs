using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using GShard.Compiler.Dims;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Conformance;

/// <summary>Reads meshes, shapes and shardings of the conformance data, and prints shardings for messages.</summary>
internal static partial class ShardingReader
{
    public static Mesh ReadMesh(JsonElement mesh) =>
        new([.. mesh.GetProperty("axes").EnumerateArray().Select(a => new MeshAxis(a[0].GetString()!, a[1].GetInt64()))]);

    public static ImmutableArray<Dim> ReadShape(JsonElement shape) => [.. shape.EnumerateArray().Select(d => (Dim)d.GetInt64())];

    public static AxisRef ReadAxis(string text)
    {
        var match = SubAxis().Match(text);
        return match.Success
            ? new(match.Groups[1].Value, long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), long.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture))
            : new(text);
    }

    public static TensorSharding ReadSharding(JsonElement sharding) => new(
        [.. sharding.GetProperty("dims").EnumerateArray().Select(d => new DimSharding(
            [.. d.GetProperty("axes").EnumerateArray().Select(a => ReadAxis(a.GetString()!))],
            d.GetProperty("open").GetBoolean(),
            d.TryGetProperty("priority", out var priority) ? priority.GetInt32() : 0))],
        ReadAxes(sharding, "replicated"),
        [.. ReadAxes(sharding, "unreduced").Select(a => new PartialAxis(a))]);

    public static string Print(TensorSharding sharding) =>
        "[" + string.Join(", ", sharding.Dims.Select(d => "{" + string.Join(",", d.Axes.Select(a => a.ToString()).Concat(d.IsOpen ? ["?"] : [])) + "}")) + "]";

    private static ImmutableArray<AxisRef> ReadAxes(JsonElement sharding, string name) =>
        sharding.TryGetProperty(name, out var axes) ? [.. axes.EnumerateArray().Select(a => ReadAxis(a.GetString()!))] : [];

    [GeneratedRegex(@"^(\w+):\((\d+)\)(\d+)$")]
    private static partial Regex SubAxis();
}
