using System.Globalization;
using System.Text;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>A submodule that a program calls: its <c>forward</c>, and how many items there are where it is a list (null: one module).</summary>
internal sealed record FuzzMember(string Name, Function Forward, int? Count);

/// <summary>
/// A program to check: the logical program, the modules that it calls, the mesh's sizes, the sizes of symbols, host values, and how values
/// of parameters are drawn where not as any real number (<see cref="InputValues"/>).
/// </summary>
internal sealed record FuzzCase(
    Function Root,
    IReadOnlyList<FuzzMember> Members,
    IReadOnlyList<(string Axis, int Size)> Axes,
    IReadOnlyDictionary<string, long> Sizes,
    IReadOnlyDictionary<string, double> Hosts,
    IReadOnlyDictionary<string, string> Domains,
    int Seed)
{
    /// <summary>All programs, the root last.</summary>
    public IEnumerable<Function> Functions => Members.Select(m => m.Forward).Append(Root);

    /// <summary>Operations in all programs.</summary>
    public IEnumerable<Operation> Operations => Functions.SelectMany(f => f.Body.AllOperations);

    /// <summary>A dim's size.</summary>
    public long Size(Dim dim) => dim.Evaluate(s => Sizes.TryGetValue(s, out var size) ? size : (long)Hosts[s]);

    /// <summary>Reads a case from what <see cref="Print"/> has printed.</summary>
    public static FuzzCase Read(
        string text, (string Axis, int Size)[] axes, Dictionary<string, long> sizes, Dictionary<string, double>? hosts = null,
        Dictionary<string, string>? domains = null, Dictionary<string, (string Text, int? Count)>? members = null, int seed = 1) =>
        new(Parser.Parse(text), [.. (members ?? []).Select(m => new FuzzMember(m.Key, Parser.Parse(m.Value.Text), m.Value.Count))], axes, sizes, hosts ?? [], domains ?? [], seed);

    /// <summary>The case as an argument list that can be pasted into a test.</summary>
    public string Print()
    {
        var text = new StringBuilder();
        text.Append("\"\"\"\n").Append(Root).Append("\"\"\",\n[").Append(string.Join(", ", Axes.Select(a => $"(\"{a.Axis}\", {a.Size})"))).Append("],\nnew() { ");
        var used = Functions.SelectMany(f => f.Parameters.Select(p => p.Value).Concat(f.Body.AllOperations.SelectMany(o => o.Results)))
            .Where(v => v.Type is TensorType).SelectMany(v => v.Tensor.Dims).SelectMany(d => d.Symbols).ToHashSet();
        text.Append(Entries(Sizes.Where(s => used.Contains(s.Key)), s => s.ToString(CultureInfo.InvariantCulture))).Append(" }, ");
        text.Append("new() { ").Append(Entries(Hosts, h => h.ToString("R", CultureInfo.InvariantCulture))).Append(" }, ");
        var names = Functions.SelectMany(f => f.Parameters).Select(p => p.Value.Name).ToHashSet();
        text.Append("new() { ").Append(Entries(Domains.Where(d => names.Contains(d.Key)), d => $"\"{d}\"")).Append(" }");
        if (Members.Count > 0)
            text.Append(",\nnew() { ").Append(string.Join(", ", Members.Select(m => $"[\"{m.Name}\"] = (\"\"\"\n{m.Forward}\"\"\", {m.Count?.ToString(CultureInfo.InvariantCulture) ?? "null"})"))).Append(" }");
        return text.Append(CultureInfo.InvariantCulture, $", seed: {Seed}").ToString();
    }

    private static string Entries<T>(IEnumerable<KeyValuePair<string, T>> entries, Func<T, string> print) =>
        string.Join(", ", entries.Select(e => $"[\"{e.Key}\"] = {print(e.Value)}"));
}
