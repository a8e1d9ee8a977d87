using GShard.Compiler.IR;

namespace GShard.Generator.Tests.Reading;

/// <summary>Reads small models and shows the programs that they become.</summary>
internal static class Reader
{
    /// <summary>A model of one method: fields and other members, and the body of <c>forward(x)</c> with x [B, T, M].</summary>
    public static string Model(string body, string members = "", string arguments = "", string returns = "Tensor", string constructor = "")
    {
        var types = string.Concat(arguments.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(_ => "Tensor, "));
        var more = arguments.Length == 0 ? "" : ", " + arguments;
        return $$"""
            [Sharded]
            public sealed partial class Model : nn.Module<Tensor, {{types}}{{returns}}>
            {
                {{members}}
                public Model() : base("model") { {{constructor}} }
                public override {{returns}} forward([Shape("B T M")] Tensor x{{more}}) {{body}}
            }
            """;
    }

    /// <summary>The logical program of a method; it must have no errors.</summary>
    public static Function Program(string source, string? name = null, string method = "forward")
    {
        var result = ModelCompilation.Read(source, name);
        Assert.Empty(result.Findings.Where(f => f.Finding.Severity == Compiler.Severity.Error).Select(f => f.Finding.Id + ": " + f.Finding.Message));
        return result.Class!.Methods.Single(m => m.Name == method).Program!.Logical;
    }

    /// <summary>The operations of a model's <c>forward</c>, a line each.</summary>
    public static string Body(string source, string? name = null) => Body(Program(source, name));

    /// <summary>The operations of a program, a line each.</summary>
    public static string Body(Function function)
    {
        var lines = function.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var start = Array.FindIndex(lines, l => l.StartsWith("func", StringComparison.Ordinal));
        return string.Join("\n", lines[(start + 1)..^1].Select(l => l[2..]));
    }

    /// <summary>The head of a program: mesh, host values, parameters.</summary>
    public static string Head(Function function) => function.ToString()[..function.ToString().IndexOf(" {", StringComparison.Ordinal)];
}
