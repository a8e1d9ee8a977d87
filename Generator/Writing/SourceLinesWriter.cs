using GShard.Compiler.IR;
using GShard.Generator.Model;

namespace GShard.Generator.Writing;

/// <summary>
/// Writes the third file of a class, the only one that changes where the model's lines move: which line of the model each statement of the
/// first file comes from. The runtime reads it when it makes an error.
/// </summary>
internal static class SourceLinesWriter
{
    /// <summary>The source of the table; null where no statement comes from a known line.</summary>
    /// <param name="model">The class.</param>
    /// <param name="written">The sharded module.</param>
    /// <param name="fileName">The name of the module's file.</param>
    /// <param name="find">Finds the name of the file and the line of a place in the model.</param>
    public static string? Write(ShardedClass model, WrittenClass written, string fileName, Func<Origin, (string File, int Line)?> find)
    {
        var tables = written.Methods.Select(m => (Method: m, Rows: Rows(m, find))).Where(t => t.Rows.Count > 0).ToList();
        if (tables.Count == 0) return null;
        var source = new SourceWriter();
        var braces = ClassWriter.OpenFile(source, model, "GShard");
        source.Line($"// Each row: a line of {fileName}, the line of the model that it comes from, and what stands there, for errors at run time.");
        foreach (var (method, rows) in tables)
        {
            source.Line($"[SourceLines(\"{method.Name}\", \"{Member(model, method)}\", \"\"\"");
            source.Lines(rows.Select(r => "    " + r));
            source.Line("    \"\"\")]");
        }

        source.Open("partial class Sharded");
        for (var i = 0; i <= braces; i++) source.Close();
        return source.ToString();
    }

    private static List<string> Rows(WrittenMethod method, Func<Origin, (string File, int Line)?> find)
    {
        var rows = new List<string>();
        var (file, last) = ("", "");
        foreach (var statement in method.Statements)
        {
            if (find(statement.Origin) is not { } place) continue;
            var end = $"{place.Line} {statement.Purpose}";
            if (place.File == file && end == last) continue;
            if (place.File != file) rows.Add("in " + place.File);
            rows.Add($"{statement.Line} {end}");
            (file, last) = (place.File, end);
        }

        return rows;
    }

    private static string Member(ShardedClass model, WrittenMethod method) =>
        $"{model.Name}.{method.Source}{(method.Name == method.Source ? "" : "'s backward")}";
}
