using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Generator.Model;

namespace GShard.Generator.Writing;

/// <summary>Writes an annotated method's forward and its backward.</summary>
internal sealed class MethodWriter(SourceWriter source, ShardedClass model, MethodModel method, MethodResiduals? residuals)
{
    private readonly List<WrittenMethod> written = [];

    /// <summary>Writes both methods; their bodies throw where the method has errors.</summary>
    /// <param name="error">What to throw, where there is no program.</param>
    /// <returns>Those that run programs.</returns>
    public IReadOnlyList<WrittenMethod> Write(string error)
    {
        WriteForward(error);
        source.Blank();
        if (method.Program is { Backward: null }) return written;
        WriteBackward(error);
        source.Blank();
        return written;
    }

    private void WriteForward(string error)
    {
        var arguments = method.Arguments.Select(a => $"{Shorten(a.Type)} {Identifier.Escape(a.Name)}");
        var program = method.Program;
        Document(
            $"This rank's part of <c>{model.Name}.{method.Name}</c>." + (residuals?.Root is null ? "" : $" In training it keeps what <see cref=\"{ResidualNames.Backward(method.Name)}\"/> needs."),
            program is null ? [] : method.Arguments.Zip(program.Forward.Parameters, (a, p) => (a.Name, CSharpType.Describe(p.Value.Type))),
            program is null ? [] : method.ReturnNames.Zip(program.Forward.Results, (name, result) => (name, CSharpType.Describe(result.Type))));
        source.Open($"public {(method.IsOverride ? "override " : "")}{Shorten(method.ReturnType)} {Identifier.Escape(method.Name)}({string.Join(", ", arguments)})");
        if (program is null) WriteThrow(error);
        else WriteForwardBody(program.Forward);
        source.Close();
    }

    private void WriteForwardBody(Function forward)
    {
        var scope = new MethodScope(model, forward, method.Arguments.Select(a => a.Name));
        const string wanted = "training && Gradients.AreWanted";
        if (residuals!.Root is not null) source.Line($"var keep = {wanted};");
        // A method that keeps nothing may call modules that do.
        source.Line($"using var noGraph = Gradients.WithoutGraph({(residuals.Root is null ? wanted : "keep")});");
        if (!method.RealArguments.IsEmpty)
            source.Line($"Gradients.RequireReal(\"{model.Name}.{method.Name}\", {string.Join(", ", method.RealArguments.Select(a => $"(\"{a}\", {Identifier.Escape(a)})"))});");
        source.Blank();
        WriteBody(new BlockWriter(source, scope, forward, residuals, method.Name), forward, method.Name, $"{ResidualNames.Field(method.Name)}.Push({{0}})");
        WriteReturn(forward.Results, scope);
    }

    private void WriteBackward(string error)
    {
        var backward = method.Program?.Backward;
        ImmutableArray<string> gradients = backward is null
            ? [.. method.ReturnNames.Select(Gradient)]
            : [.. method.Program!.DifferentiableResults.Select(i => Gradient(method.ReturnNames[i]))];
        ImmutableArray<string> results = method.Program is { } program
            ? [.. program.Forward.Parameters.Where(p => p.Kind == ParameterKind.Argument && p.Value.IsDifferentiable).Select(p => Gradient(p.Value.Name))]
            : [.. method.Arguments.Where(a => a.Type.EndsWith("Tensor", StringComparison.Ordinal)).Select(a => Gradient(a.Name))];
        var type = results.Length switch
        {
            0 => "void",
            1 => "Tensor",
            _ => "(" + string.Join(", ", results.Select(r => "Tensor " + r)) + ")",
        };
        Document(
            $"The backward of the latest <see cref=\"{method.Name}\"/> in training: adds to the parameters' gradients" + (results.IsEmpty ? "." : ", returns those of the arguments."),
            backward is null ? [] : gradients.Zip(backward.Parameters, (name, parameter) => (name, CSharpType.Describe(parameter.Value.Type))),
            backward is null ? [] : results.Zip(backward.Results, (name, result) => (name, CSharpType.Describe(result.Type))));
        source.Open($"public {type} {ResidualNames.Backward(method.Name)}({string.Join(", ", gradients.Select(g => "Tensor " + g))})");
        if (backward is null) WriteThrow(error);
        else
        {
            var scope = new MethodScope(model, backward, gradients);
            var name = ResidualNames.Backward(method.Name);
            var writer = new BlockWriter(source, scope, backward, residuals!, method.Name);
            source.Line("using var noGrad = no_grad();");
            if (writer.ExchangesGradients) source.Line("using var exchanges = Gradients.Exchanges();");
            WriteBody(writer, backward, name, $"{ResidualNames.Field(method.Name)}.Pop(\"{name}\")");
            if (writer.ExchangesGradients)
            {
                source.Blank();
                source.Line("// The outermost backward waits here for the gradients that are still exchanged.");
                source.Line("exchanges.Complete();");
            }

            WriteReturn(backward.Results, scope);
        }

        source.Close();
    }

    private void WriteBody(BlockWriter writer, Function function, string name, string keepIn)
    {
        writer.Write(function.Body, residuals!.Root, keepIn);
        written.Add(new WrittenMethod(name, method.Name, [.. writer.Statements]));
    }

    private void WriteReturn(ImmutableArray<Value> results, MethodScope scope)
    {
        if (results.IsEmpty) return;
        source.Blank();
        source.Line(results.Length == 1 ? $"return {scope.Of(results[0])};" : $"return ({string.Join(", ", results.Select(scope.Of))});");
    }

    private void WriteThrow(string error) => source.Line($"throw new InvalidOperationException({Literal(error)});");

    private void Document(string summary, IEnumerable<(string Name, string Text)> parameters, IEnumerable<(string Name, string Text)> results)
    {
        source.Line($"/// <summary>{summary}</summary>");
        foreach (var (name, text) in parameters) source.Line($"/// <param name=\"{Identifier.Of(name)}\">{Escape(text)}.</param>");
        var returned = results.Select(r => $"<c>{r.Name}</c> {Escape(r.Text)}").ToList();
        if (returned.Count > 0) source.Line($"/// <returns>{string.Join("; ", returned)}.</returns>");
    }

    private string Shorten(string type) => CSharpType.Shorten(type, model.Namespace);

    private static string Gradient(string name) => "d" + Identifier.Pascal(name);

    private static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;");

    private static string Literal(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\r", "").Replace("\n", "\\n") + "\"";
}
