using System.Globalization;
using System.Reflection;

namespace GShard;

/// <summary>Finds the line of a model's source that a line of generated code comes from.</summary>
internal static class SourceLines
{
    /// <summary>Whether the type, or one around it, is a generated module.</summary>
    public static bool AreOf(Type type) => Tables(type).Length > 0;

    /// <summary>A place in the source, as in <c>MoeFeedForward.forward, for einsum (MoeFeedForward.cs:41)</c>; null where the method is not a model's.</summary>
    /// <param name="method">A method on the stack.</param>
    /// <param name="line">The line of the generated file that it is at; 0 where no symbols tell it, and the member is all that is known.</param>
    public static string? Find(MethodBase method, int line)
    {
        var name = OuterName(method);
        foreach (var table in Tables(method.DeclaringType))
            if (table.Method == name) return table.Member + Place(table.Lines, line);
        return null;
    }

    /// <summary>A method's name; of lambdas and local functions, which the C# compiler names <c>&lt;forward&gt;b__0</c>, that of the method they stand in.</summary>
    public static string OuterName(MethodBase method) =>
        method.Name.StartsWith('<') && method.Name.IndexOf('>') is > 1 and var end ? method.Name[1..end] : method.Name;

    private static string Place(string rows, int line)
    {
        var (file, found) = ("", "");
        foreach (var row in rows.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (row.StartsWith("in ", StringComparison.Ordinal))
            {
                file = row["in ".Length..];
                continue;
            }
            var parts = row.Split(' ', 3);
            if (parts.Length < 2 || int.Parse(parts[0], CultureInfo.InvariantCulture) > line) break;
            found = $"{(parts.Length == 3 ? ", " + parts[2] : "")} ({file}:{parts[1]})";
        }
        return found;
    }

    private static SourceLinesAttribute[] Tables(Type? type)
    {
        for (; type is not null; type = type.DeclaringType)
            if (type.GetCustomAttributes<SourceLinesAttribute>(inherit: false).ToArray() is { Length: > 0 } tables) return tables;
        return [];
    }
}
