using GShard.Compiler.IR;
using GShard.Generator.Model;

namespace GShard.Generator.Writing;

/// <summary>The names that one method's C# may use: its own variables, and the fields of the sharded class.</summary>
internal sealed class MethodScope
{
    private static readonly string[] OwnNames = ["keep", "noGraph", "noGrad", "exchanges", "mesh", "training", "torch", "functional", "nn", "value"];

    private readonly Scope scope;
    private readonly HashSet<string> items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> openItems = new(StringComparer.Ordinal);
    private readonly Function function;
    private readonly ShardedClass model;
    private readonly HashSet<string> hiding;
    private readonly Dictionary<string, string> weights;

    /// <summary>Names the parameters of a program.</summary>
    /// <param name="model">The class.</param>
    /// <param name="function">The program.</param>
    /// <param name="arguments">Names of the C# method's parameters.</param>
    public MethodScope(ShardedClass model, Function function, IEnumerable<string> arguments)
    {
        this.function = function;
        this.model = model;
        hiding = new HashSet<string>(arguments, StringComparer.Ordinal);
        scope = new Scope(function.Parameters.Select(p => p.Value)
            .Concat(function.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments)))).Select(v => v.Name));
        foreach (var name in OwnNames) scope.Reserve(name);
        foreach (var (parameter, name) in function.Parameters.Where(p => p.Kind == ParameterKind.Argument).Zip(arguments, (p, name) => (p, name)))
            scope.Argument(parameter.Value, name);
        foreach (var name in Fields(model)) scope.Reserve(name);

        weights = model.Weights.ToDictionary(w => w.Name, w => Field(w.Identifier));
        foreach (var weight in function.Parameters.Where(p => p.Kind != ParameterKind.Argument)) scope.Bind(weight.Value, Weight(weight.Value.Name));
    }

    /// <summary>An expression for the device of new tensors.</summary>
    public string Device => Source(_ => true) + ".device";

    /// <summary>An expression for the model's own floating-point type.</summary>
    public string FloatingType => Source(p => p.Value.IsDifferentiable) + ".dtype";

    public string Of(Value value) => scope.Of(value);

    public string Declare(Value value, string? wanted = null) => scope.Declare(value, wanted);

    public string Fresh(string name) => scope.Fresh(name);

    public bool IsLocal(Value value) => scope.IsLocal(value);

    public void Share(Value value, string variable) => scope.Share(value, variable);

    public string Symbol(string symbol) => scope.Has(symbol) ? scope.Symbol(symbol) : Field(symbol);

    /// <summary>The field that holds a parameter or buffer.</summary>
    public string Weight(string name) => weights.TryGetValue(name, out var field) ? field : throw new InvalidOperationException($"the class has no parameter '{name}'.");

    /// <summary>The field that holds a mesh axis.</summary>
    public string Axis(string axis) => Field(AxisField(model, axis));

    /// <summary>The name of the field that holds a mesh axis: the axis's own where no other field has it.</summary>
    public static string AxisField(ShardedClass model, string axis)
    {
        var name = Identifier.Camel(axis);
        var isTaken = model.Weights.Any(w => w.Identifier == name) || model.HostFields.Any(f => f.Name == name) || model.Submodules.Any(s => s.Name == name);
        return isTaken ? name + "Axis" : name;
    }

    // An argument hides a field of its name.
    private string Field(string name) => hiding.Contains(name) ? "this." + name : Identifier.Escape(name);

    /// <summary>Opens a loop over modules: the name of its item. Loops side by side may use the same.</summary>
    public string OpenItem(string item)
    {
        var name = items.Contains(item) && !openItems.ContainsValue(item) ? item : scope.Fresh(item);
        items.Add(name);
        return openItems[item] = name;
    }

    /// <summary>Ends the loop over an item.</summary>
    public void CloseItem(string item) => openItems.Remove(item);

    /// <summary>The C# object that a callee is called on, with the method's name: <c>layer.forward</c>.</summary>
    public (string Receiver, string Method) Callee(string name)
    {
        var dot = name.LastIndexOf('.');
        if (dot < 0) return ("", name);
        var member = name.Substring(0, dot);
        return ((openItems.TryGetValue(member, out var item) ? item : Identifier.Escape(member)) + ".", name.Substring(dot + 1));
    }

    private static IEnumerable<string> Fields(ShardedClass model) =>
        model.Mesh.Axes.Select(a => AxisField(model, a.Name))
            .Concat(model.Weights.Select(w => w.Identifier))
            .Concat(model.HostFields.Select(f => f.Name))
            .Concat(model.Submodules.Select(s => s.Name))
            .Concat(model.Methods.Select(m => ResidualNames.Field(m.Name)));

    private string Source(Func<Parameter, bool> suits)
    {
        var parameter = function.Parameters.Where(p => p.Value.Type is TensorType).Where(suits).OrderBy(p => p.Kind).FirstOrDefault()
            ?? throw new InvalidOperationException($"'{function.Name}' has no tensor that tells the element type and device of new ones.");
        return scope.Of(parameter.Value);
    }
}
