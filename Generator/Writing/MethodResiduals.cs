using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>The records of all that a method's forward keeps for its backward: one a block, the outer holding the inner.</summary>
internal sealed class MethodResiduals
{
    private readonly Dictionary<Value, ResidualField> inner = [];
    private readonly HashSet<string> names;
    private readonly string prefix;

    /// <summary>Reads them from the <c>save</c> operations of a forward program.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="body">The forward program's body.</param>
    /// <param name="names">Names of records that the class has already.</param>
    public MethodResiduals(string method, Block body, HashSet<string> names)
    {
        this.names = names;
        prefix = method == "forward" ? "" : Identifier.Pascal(method);
        Root = Read(body, ResidualNames.Record(method));
    }

    /// <summary>The record of the whole method; null where nothing is kept.</summary>
    public ResidualShape? Root { get; }

    /// <summary>What a loop or branch of the forward program keeps.</summary>
    public ResidualField Of(Value residuals) => inner[residuals];

    private ResidualShape? Read(Block block, string name)
    {
        foreach (var operation in block.Operations)
            if (operation.Results.LastOrDefault() is { Type: HostType { Kind: "residuals" } } kept) inner[kept] = ReadInner(operation);

        if (block.Operations.FirstOrDefault(o => o.Name == "save") is not { } save) return null;
        var unique = name;
        for (var i = 2; !names.Add(unique); i++) unique = name + i;
        var fields = new Scope();
        return new(unique, [.. save.Operands.Select(v => (inner.TryGetValue(v, out var field) ? field : new ResidualField("", CSharpType.Of(v.Type), [])) with
        {
            Name = fields.Fresh(Identifier.Pascal(inner.TryGetValue(v, out var own) ? own.Name : v.Name)),
        })]);
    }

    private ResidualField ReadInner(Operation operation)
    {
        var isLoop = operation.Name == "foreach";
        var what = prefix + Identifier.Pascal(isLoop ? operation.Attributes.NameText : Condition(operation.Attributes.Host("condition")));
        var shapes = operation.Blocks.Select((b, i) => Read(b, what + (i > 0 ? "Else" : "") + "Residuals")).ToImmutableArray();
        var branches = shapes.Where(s => s is not null).Select(s => s!.Name).ToList();
        var type = isLoop ? $"Stack<{branches[0]}>" : branches.Count == 1 ? branches[0] : $"({branches[0]} Then, {branches[1]} Else)";
        return new(what + "Residuals", type, shapes);
    }

    private static string Condition(string code) => code.All(c => char.IsLetterOrDigit(c) || c == '_') ? code : "branch";
}
