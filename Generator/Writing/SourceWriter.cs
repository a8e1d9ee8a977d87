using System.Text;

namespace GShard.Generator.Writing;

/// <summary>Writes C# line by line: indents, keeps single blank lines between groups and none inside braces' edges.</summary>
internal sealed class SourceWriter
{
    private const int MaxWidth = 140;

    private readonly StringBuilder text = new();
    private int depth;
    private int lines;
    private bool atStart = true;
    private bool blankWanted;

    /// <summary>The number of the line that is written next, from 1 on.</summary>
    public int NextLine => lines + (blankWanted && !atStart ? 2 : 1);

    /// <summary>Writes a line; an empty one asks for a blank line before the next.</summary>
    public void Line(string line)
    {
        if (line.Length == 0)
        {
            Blank();
            return;
        }

        lines = NextLine + line.Count(c => c == '\n');
        if (blankWanted && !atStart) text.Append('\n');
        blankWanted = false;
        atStart = false;
        text.Append(' ', 4 * depth).Append(line).Append('\n');
    }

    /// <summary>Writes several lines.</summary>
    public void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines) Line(line);
    }

    /// <summary>Writes a statement that ends in a call; where it is too long, that call's arguments on lines of their own.</summary>
    public void Statement(string statement)
    {
        if (4 * depth + statement.Length <= MaxWidth || !statement.EndsWith(");", StringComparison.Ordinal)) Line(statement);
        else
        {
            var (open, arguments) = LastCall(statement);
            Call(statement.Substring(0, open + 1), arguments, ");");
        }
    }

    /// <summary>Writes a call: on one line where it fits, else the arguments on lines of their own.</summary>
    public void Call(string before, IReadOnlyList<string> arguments, string after)
    {
        var line = before + string.Join(", ", arguments) + after;
        if (4 * depth + line.Length <= MaxWidth)
        {
            Line(line);
            return;
        }

        Line(before);
        depth++;
        var part = "";
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i] + (i < arguments.Count - 1 ? "," : after);
            if (part.Length > 0 && 4 * depth + part.Length + 1 + argument.Length > MaxWidth)
            {
                Line(part);
                part = "";
            }

            part += (part.Length > 0 ? " " : "") + argument;
        }

        Line(part);
        depth--;
    }

    /// <summary>Asks for a blank line before the next line, unless that opens or closes a block.</summary>
    public void Blank() => blankWanted = true;

    /// <summary>Writes a line and an opening brace, and indents.</summary>
    public void Open(string line)
    {
        Line(line);
        Line("{");
        depth++;
        atStart = true;
    }

    /// <summary>Ends the block that <see cref="Open"/> began.</summary>
    public void Close(string after = "")
    {
        depth--;
        atStart = true;
        Line("}" + after);
    }

    // The parenthesis that opens the call at the statement's end, and what stands between its commas.
    private static (int Open, List<string> Arguments) LastCall(string statement)
    {
        var arguments = new List<string>();
        var nesting = 0;
        var isQuoted = false;
        var end = statement.Length - 2;
        for (var i = end - 1; ; i--)
        {
            if (statement[i] == '"') isQuoted = !isQuoted;
            if (isQuoted) continue;
            if (statement[i] is ')' or ']' or '}') nesting++;
            else if (statement[i] is '(' or '[' or '{' && nesting > 0) nesting--;
            else if (nesting == 0 && statement[i] is ',' or '(')
            {
                arguments.Insert(0, statement.Substring(i + 1, end - i - 1).Trim());
                end = i;
                if (statement[i] == '(') return (i, arguments);
            }
        }
    }

    /// <summary>What was written, with <c>\n</c> line ends.</summary>
    public override string ToString() => text.ToString();
}
