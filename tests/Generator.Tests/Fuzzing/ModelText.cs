using System.Globalization;
using System.Text;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Tests.Fuzzing;

namespace GShard.Generator.Tests.Fuzzing;

/// <summary>
/// A random program as the C# of sharded modules: one class for the program, one for each module that it calls or loops over, with weights
/// and their values, annotations and host fields. Bodies are written by <see cref="MethodText"/>.
/// </summary>
internal sealed class ModelText
{
    private readonly FuzzCase fuzz;
    private readonly string name;
    private readonly StringBuilder text = new();

    private ModelText(FuzzCase fuzz, string name) => (this.fuzz, this.name) = (fuzz, name);

    /// <summary>The classes; the model's own, of that name, is the first.</summary>
    public static string Of(FuzzCase fuzz, string name)
    {
        var model = new ModelText(fuzz, name);
        model.WriteModel();
        foreach (var member in fuzz.Members) model.WriteMember(member);
        return model.text.ToString();
    }

    /// <summary>The weights of a called module that all its items take from the model, which ties them.</summary>
    private static IEnumerable<Value> Tied(FuzzMember member) =>
        Weights(member.Forward).Where(w => w.IsDifferentiable && InputValues.StableHash(w.Name) % 3 == 0);

    private static IEnumerable<Value> Weights(Function function) => function.Parameters.Where(p => p.Kind != ParameterKind.Argument).Select(p => p.Value);

    private void WriteModel()
    {
        Open(fuzz.Root, name, isRematerialized: false);
        foreach (var weight in Weights(fuzz.Root)) text.Append($"    [{Annotation(weight)}] private readonly Parameter {weight.Name} = Parameter({Literal(Draw(weight, fuzz.Seed))});\n");
        foreach (var member in fuzz.Members)
        {
            foreach (var weight in Tied(member)) text.Append($"    [{Annotation(weight)}] private readonly Parameter tied_{weight.Name} = Parameter({Literal(Draw(weight, fuzz.Seed))});\n");
            text.Append($"    private readonly {(member.Count is null ? Class(member) : $"ModuleList<{Class(member)}>")} {member.Name};\n");
        }

        text.Append($"    public {name}() : base(\"{name}\")\n    {{\n");
        foreach (var member in fuzz.Members)
        {
            string Item(int index) => $"new {Class(member)}({string.Join(", ", Tied(member).Select(w => "tied_" + w.Name).Prepend(index.ToString(CultureInfo.InvariantCulture)))})";
            var value = member.Count is not { } count ? Item(0) : $"new ModuleList<{Class(member)}>({string.Join(", ", Enumerable.Range(0, count).Select(Item))})";
            text.Append($"        {member.Name} = {value};\n");
        }

        text.Append("        RegisterComponents();\n    }\n");
        WriteForward(fuzz.Root, isRematerialized: !fuzz.Root.Rematerialized.IsDefaultOrEmpty);
    }

    private void WriteMember(FuzzMember member)
    {
        var forward = member.Forward;
        // A loop whose body calls nothing runs over modules that nothing looks into.
        if (forward.Results.IsEmpty)
        {
            var x = new Value("x", new TensorType(ElementType.Float, [1], TensorSharding.FullyReplicated(1)));
            forward = forward with { Parameters = [new Parameter(x, ParameterKind.Argument)], Body = new Block([], [], [x]) };
        }

        Open(forward, Class(member), isRematerialized: !forward.Rematerialized.IsDefaultOrEmpty);
        foreach (var weight in Weights(forward)) text.Append($"    [{Annotation(weight)}] private readonly Parameter {weight.Name};\n");
        var tied = Tied(member).ToList();
        text.Append($"    public {Class(member)}({string.Join(", ", tied.Select(w => "Parameter " + w.Name).Prepend("int item"))}) : base(\"{Class(member)}\")\n    {{\n");
        foreach (var weight in Weights(forward))
        {
            text.Append($"        this.{weight.Name} = ");
            if (tied.Contains(weight)) text.Append($"{weight.Name};\n");
            else text.Append($"Parameter(item switch {{ {string.Concat(Enumerable.Range(0, (member.Count ?? 1) - 1).Select(i => $"{i} => {Literal(Draw(weight, fuzz.Seed, i))}, "))}_ => {Literal(Draw(weight, fuzz.Seed, Math.Max(0, (member.Count ?? 1) - 1)))} }});\n");
        }

        text.Append("        RegisterComponents();\n    }\n");
        WriteForward(forward, isRematerialized: false);
    }

    private void Open(Function function, string type, bool isRematerialized)
    {
        var inputs = string.Concat(function.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(_ => "Tensor, "));
        text.Append($"[Sharded{string.Concat(function.Mesh.Axes.Select(a => $", Mesh(\"{a.Name}\")"))}{(isRematerialized ? ", Rematerialize" : "")}]\n");
        text.Append($"public sealed partial class {type} : nn.Module<{inputs}{MethodText.ResultType(function.Results.Length)}>\n{{\n");
        foreach (var host in fuzz.Hosts) text.Append("    private readonly ").Append(Field(host.Key, host.Value)).Append(";\n");
    }

    private void WriteForward(Function function, bool isRematerialized)
    {
        var arguments = function.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(a => $"[{Annotation(a.Value)}] Tensor {a.Value.Name}");
        if (isRematerialized) text.Append("    [Rematerialize]\n");
        text.Append($"    public override {MethodText.ResultType(function.Results.Length)} forward({string.Join(", ", arguments)})\n    {{\n");
        text.Append(new MethodText(function, fuzz.Members, fuzz.Sizes.Keys).Write()).Append("}\n");
    }

    private string Class(FuzzMember member) => $"{name}_{member.Name}";

    private NdArray Draw(Value value, int seed, int item = 0) => FuzzModules.Weight(value, item, fuzz.Domains, fuzz.Size, seed);

    private static string Field(string name, double value) =>
        name.Contains("flag", StringComparison.Ordinal) ? $"bool {name} = {(value != 0 ? "true" : "false")}"
        : name == "rate" ? $"double {name} = {value.ToString("R", CultureInfo.InvariantCulture)}"
        : $"long {name} = {(long)value}";

    private static string Annotation(Value value)
    {
        var type = value.Tensor;
        var splits = type.Sharding.Dims.SelectMany((d, dim) => d.Axes.Select(a => $"Split({dim}, \"{a.Name}\", Uneven = true)")).ToList();
        if (splits.Count == 0) splits.Add("Replicate");
        return string.Join(", ", splits.Append($"Shape(\"{string.Join(" ", type.Dims)}\")"));
    }

    private static string Literal(NdArray value) =>
        $"torch.tensor(new double[] {{ {string.Join(", ", value.Data.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))} }}).reshape(new long[] {{ {string.Join(", ", value.Shape)} }})";
}
