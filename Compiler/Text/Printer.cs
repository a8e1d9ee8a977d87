using System.Text;
using GShard.Compiler.IR;

namespace GShard.Compiler.Text;

/// <summary>Prints programs in the text form that <see cref="Parser"/> reads back.</summary>
public static class Printer
{
    /// <summary>Prints a function.</summary>
    public static string Print(Function function)
    {
        var text = new StringBuilder();
        text.Append("mesh ").Append(function.Mesh).Append('\n');
        if (!function.HostSymbols.IsEmpty) text.Append("host ").Append(string.Join(", ", function.HostSymbols)).Append('\n');
        if (!function.Rematerialized.IsEmpty) text.Append("rematerialize ").Append(string.Join(", ", function.Rematerialized)).Append('\n');
        text.Append("func ").Append(function.Name).Append('(');
        text.Append(string.Join(", ", function.Parameters.Select(Print))).Append(") {\n");
        PrintBody(text, function.Body, "  ", "return");
        return text.Append("}\n").ToString();
    }

    /// <summary>Prints one operation, with its blocks.</summary>
    public static string Print(Operation operation)
    {
        var text = new StringBuilder();
        Print(text, operation, "");
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>Prints an attribute's value.</summary>
    public static string Print(AttributeValue attribute) => attribute switch
    {
        DimAttribute dim => dim.Value.ToString(),
        DimsAttribute dims => "[" + string.Join(", ", dims.Values) + "]",
        TextAttribute text => "\"" + text.Value + "\"",
        NameAttribute name => name.Value,
        BoolAttribute truth => truth.Value ? "true" : "false",
        HostAttribute host => "`" + host.Code + "`",
        _ => throw new ArgumentOutOfRangeException(nameof(attribute), attribute, "no such attribute"),
    };

    private static string Print(Parameter parameter) =>
        (parameter.Kind switch { ParameterKind.Weight => "weight ", ParameterKind.Buffer => "buffer ", _ => "" }) + Declare(parameter.Value);

    private static string Declare(Value value) => $"{value.Name}: {TypePrinter.Print(value.Type)}";

    private static void PrintBody(StringBuilder text, Block block, string indent, string end)
    {
        foreach (var operation in block.Operations) Print(text, operation, indent);
        text.Append(indent).Append(end);
        if (!block.Yields.IsEmpty) text.Append(' ').Append(string.Join(", ", block.Yields.Select(v => v.Name)));
        text.Append('\n');
    }

    private static void Print(StringBuilder text, Operation operation, string indent)
    {
        text.Append(indent);
        if (!operation.Results.IsEmpty) text.Append(string.Join(", ", operation.Results.Select(Declare))).Append(" = ");
        text.Append(operation.Name);
        if (operation.Attributes.Count > 0)
        {
            text.Append('[');
            text.Append(string.Join(", ", operation.Attributes.Select(a =>
                a.Key is Attributes.Equation or Attributes.Name ? Print(a.Value) : a.Key + "=" + Print(a.Value))));
            text.Append(']');
        }

        text.Append('(').Append(string.Join(", ", operation.Operands.Select(v => v.Name))).Append(')');
        foreach (var block in operation.Blocks)
        {
            text.Append(" {");
            if (!block.Arguments.IsEmpty) text.Append(" |").Append(string.Join(", ", block.Arguments.Select(Declare))).Append('|');
            text.Append('\n');
            PrintBody(text, block, indent + "  ", "yield");
            text.Append(indent).Append('}');
        }

        text.Append('\n');
    }
}
