using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Generator.Model;
using GShard.Generator.Writing;

namespace GShard.Generator.Output;

/// <summary>What the generator makes of one class: texts and numbers alone, equal where those are.</summary>
/// <param name="Files">The generated files.</param>
/// <param name="Reports">What is to be reported where no analyzer runs.</param>
internal sealed record GeneratedClass(ImmutableArray<GeneratedFile> Files, ImmutableArray<Report> Reports)
{
    /// <summary>Writes the files of a compiled class.</summary>
    public static GeneratedClass Of(FrontEndResult result)
    {
        ImmutableArray<Report> reports = [.. result.Findings.Select(Report.Of)];
        return result.Class is { } model ? new(Write(model, result), reports) : new([], reports);
    }

    /// <inheritdoc/>
    public bool Equals(GeneratedClass? other) => other is not null && Files.SequenceEqual(other.Files) && Reports.SequenceEqual(other.Reports);

    /// <inheritdoc/>
    public override int GetHashCode() => Files.Aggregate(Reports.Length, (hash, file) => hash * 31 + file.GetHashCode());

    private static ImmutableArray<GeneratedFile> Write(ShardedClass model, FrontEndResult result)
    {
        var first = result.Findings.Select(f => f.Finding).FirstOrDefault(f => f.Severity == Severity.Error);
        var error = first is null ? "" : $"{model.Name} could not be sharded: {first.Id}: {first.Message}";
        var written = ClassWriter.Write(model, error);
        var name = HintName(model);
        var lines = SourceLinesWriter.Write(model, written, name + ".g.cs", result.Places.LineOf);
        ImmutableArray<GeneratedFile> files = [new(name + ".g.cs", written.Text), new(name + ".Plan.g.cs", PlanWriter.Write(model, written.Text))];
        return lines is null ? files : files.Add(new(name + ".Lines.g.cs", lines));
    }

    // Unique: namespace and all types around, with their type parameters.
    private static string HintName(ShardedClass model)
    {
        var types = model.ContainingTypes.Add(model.Declaration)
            .Select(d => d.Substring(d.LastIndexOf(' ', d.IndexOf('<') is var at and >= 0 ? at : d.Length - 1) + 1).Replace('<', '{').Replace('>', '}').Replace(" ", ""));
        return string.Join(".", (model.Namespace.Length > 0 ? types.Prepend(model.Namespace) : types));
    }
}

/// <summary>A file for the compilation.</summary>
/// <param name="HintName">Its name, unique among the generator's.</param>
/// <param name="Text">Its source.</param>
internal sealed record GeneratedFile(string HintName, string Text);
