using System.Text;
using GShard.Compiler.Text;
using GShard.Generator.Model;

namespace GShard.Generator.Reading;

/// <summary>A class and its programs as text: what makes two readings equal, and what tests look at.</summary>
internal static class ClassText
{
    public static string Print(ShardedClass model)
    {
        var text = new StringBuilder();
        foreach (var type in model.ContainingTypes) text.Append("in ").Append(type).Append('\n');
        text.Append(model.Namespace).Append(": ").Append(model.Declaration).Append(" : ").Append(model.BaseType).Append('\n');
        if (model.HidesInherited) text.Append("hides an inherited type\n");
        text.Append("mesh ").Append(model.Mesh).Append('\n');
        foreach (var promise in model.Promises) text.Append("promise ").Append(promise.Axis).Append('=').Append(promise.Size).Append(" by ").Append(promise.Member).Append('\n');
        foreach (var weight in model.Weights)
        {
            text.Append(weight.IsBuffer ? "buffer " : "weight ").Append(weight.Name).Append(' ').Append(weight.Identifier).Append(' ').Append(weight.PlainAccess);
            text.Append(": ").Append(TypePrinter.Print(weight.Type)).Append(weight.Uneven ? " uneven\n" : "\n");
        }

        foreach (var field in model.HostFields) text.Append("host ").Append(field.Type).Append(' ').Append(field.Name).Append('\n');
        foreach (var module in model.Submodules) text.Append(module.IsList ? "list " : "module ").Append(module.Name).Append(": ").Append(module.ShardedType).Append('\n');
        foreach (var function in model.LocalFunctions) text.Append(function).Append('\n');
        foreach (var method in model.Methods) Print(text, method);
        return text.ToString();
    }

    private static void Print(StringBuilder text, MethodModel method)
    {
        text.Append(method.IsOverride ? "override " : "").Append(method.ReturnType).Append(' ').Append(method.Name).Append('(');
        text.Append(string.Join(", ", method.Arguments.Select(a => a.Type + " " + a.Name))).Append(") → ").Append(string.Join(", ", method.ReturnNames)).Append('\n');
        if (method.Program is not { } program) return;
        text.Append(program.Logical).Append(program.Forward).Append(program.Backward);
        foreach (var finding in program.Findings) text.Append(finding.Id).Append(' ').Append(finding.Message).Append('\n');
    }
}
