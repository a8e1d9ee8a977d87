using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Builds a logical program: infers result types, solves for sizes that nobody wrote, and gives every value a name of its own.</summary>
internal sealed class ProgramBuilder(SourceMap map)
{
    // Operators whose results have names of their own when the user gives none.
    private static readonly Dictionary<string, string[]> ResultNames = new(StringComparer.Ordinal)
    {
        ["layer_norm"] = ["normed", "mean", "rstd"],
        ["layer_norm_plain"] = ["normed", "mean", "rstd"],
        ["lstm"] = ["states", "hidden", "cell", "active", "cells"],
        ["gru"] = ["states", "hidden", "active", "inner"],
        ["rnn"] = ["states", "hidden"],
        ["batch_norm"] = ["normed", "mean", "rstd", "variance"],
        ["top2_gating"] = ["combine", "dispatch", "auxLoss", "saved"],
        ["next_key"] = ["key"],
        ["max_dim"] = ["values", "indices"],
        ["min_dim"] = ["values", "indices"],
        ["topk"] = ["values", "indices"],
        ["if"] = ["chosen"],
        ["foreach"] = ["carried"],
    };

    private readonly Stack<ImmutableArray<Operation>.Builder> blocks = new([ImmutableArray.CreateBuilder<Operation>()]);
    private readonly Stack<Dictionary<string, Dim>> hostSizes = new([new Dictionary<string, Dim>(StringComparer.Ordinal)]);
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly HashSet<Value> used = [];
    private readonly HashSet<Value> nameless = [];
    private readonly Dictionary<Value, Operation> definitions = [];

    /// <summary>Solves for inferred sizes.</summary>
    public DimSolver Solver { get; } = new();

    /// <summary>Whether what is added now is computed again in the backward.</summary>
    public bool IsRematerialized { get; set; }

    /// <summary>A value that no operation makes: a parameter or a block's argument.</summary>
    public Value Declare(string name, IrType type) => new(Unique(name), type);

    /// <summary>A value whose name is reserved for it: a parameter of the module.</summary>
    public static Value DeclareReserved(string name, IrType type) => new(name, type);

    /// <summary>Keeps a name from being given to a value.</summary>
    public void Reserve(string name) => names.Add(name);

    /// <summary>Applies an operator of the table.</summary>
    /// <exception cref="ShapeException">The operands' shapes do not agree.</exception>
    public ImmutableArray<Value> Apply(string name, Attributes attributes, ImmutableArray<Value> operands, SyntaxNode at)
    {
        var signature = OperatorSignature.Infer(OperatorTable.Get(name), new OperatorCall(name, operands, attributes), Solver);
        return Add(name, attributes, operands, [.. signature.Results.Select(Resolve)], at);
    }

    /// <summary>Adds an operation whose result types are known.</summary>
    public ImmutableArray<Value> Add(
        string name, Attributes attributes, ImmutableArray<Value> operands, ImmutableArray<IrType> results, SyntaxNode at, ImmutableArray<Block> inner = default, string? hint = null)
    {
        var values = results.Select((type, i) => new Value(Unique(hint ?? DefaultName(name, i)), type)).ToImmutableArray();
        if (hint is null) nameless.UnionWith(values);
        var operation = new Operation(name, operands, values, attributes, map.Of(at, hint) with { IsRematerialized = IsRematerialized }, inner);
        foreach (var value in values) definitions[value] = operation;
        used.UnionWith(operands);
        blocks.Peek().Add(operation);
        return values;
    }

    /// <summary>A size that is no polynomial of others: one for each text in scope.</summary>
    public Dim HostSize(string code, SyntaxNode at, string hint)
    {
        foreach (var scope in hostSizes)
            if (scope.TryGetValue(code, out var known)) return known;
        var made = Add("host_size", Attributes.None.WithHost("value", code), [], [new HostType("size")], at, hint: hint)[0];
        return hostSizes.Peek()[code] = Dim.Symbol(made.Name);
    }

    /// <summary>Adds an operation whose results have names, null for those without.</summary>
    public ImmutableArray<Value> AddNamed(
        string name, Attributes attributes, ImmutableArray<Value> operands, ImmutableArray<IrType> results, ImmutableArray<string?> hints, SyntaxNode at, ImmutableArray<Block> inner)
    {
        var values = Add(name, attributes, operands, results, at, inner);
        return [.. values.Select((value, i) => hints[i] is { } hint ? Name(value, hint) : value)];
    }

    /// <summary>Gives a value the user's name for it, if it was just made and has none.</summary>
    public Value Name(Value value, string name)
    {
        if (!nameless.Contains(value) || used.Contains(value) || !definitions.TryGetValue(value, out var before)) return value;
        var block = blocks.Peek();
        var index = block.LastIndexOf(before);
        if (index < 0) return value;
        names.Remove(value.Name);
        value.Name = Unique(name);
        nameless.Remove(value);
        if (before.Origin.Value is not null) return value;
        var after = new Operation(before.Name, before.Operands, before.Results, before.Attributes, before.Origin with { Value = name }, before.Blocks);
        block[index] = after;
        foreach (var result in after.Results) definitions[result] = after;
        return value;
    }

    /// <summary>Keeps the name that a value has: it is bound to something that a new name would not reach.</summary>
    public void Keep(Value value) => nameless.Remove(value);

    /// <summary>The operation that makes a value; null for parameters and arguments.</summary>
    public Operation? DefinitionOf(Value value) => definitions.TryGetValue(value, out var operation) ? operation : null;

    /// <summary>The operators that read a value, in the blocks that are open.</summary>
    public IEnumerable<string> UsersOf(Value value) => blocks.SelectMany(b => b).Where(o => o.Operands.Contains(value)).Select(o => o.Name);

    /// <summary>Begins a block.</summary>
    public void Open()
    {
        blocks.Push(ImmutableArray.CreateBuilder<Operation>());
        hostSizes.Push(new Dictionary<string, Dim>(StringComparer.Ordinal));
    }

    /// <summary>Ends a block whose yields are not known yet.</summary>
    public ImmutableArray<Operation> Leave()
    {
        hostSizes.Pop();
        return blocks.Pop().ToImmutable();
    }

    /// <summary>Ends a block.</summary>
    public Block Close(ImmutableArray<Value> arguments, ImmutableArray<Value> yields)
    {
        used.UnionWith(yields);
        return new Block(arguments, Leave(), yields);
    }

    /// <summary>A type with solved sizes replaced.</summary>
    public IrType Resolve(IrType type) => type is TensorType tensor ? tensor with { Dims = [.. tensor.Dims.Select(Solver.Resolve)] } : type;

    /// <summary>A name that no value has.</summary>
    private string Unique(string name)
    {
        var unique = name;
        for (var number = 2; !names.Add(unique); number++) unique = name + number;
        return unique;
    }

    private static string DefaultName(string operation, int result)
    {
        if (ResultNames.TryGetValue(operation, out var known) && result < known.Length) return known[result];
        var words = (operation.EndsWith("_scalar", StringComparison.Ordinal) ? operation.Substring(0, operation.Length - 7) : operation).Split('_');
        return words[0] + string.Concat(words.Skip(1).Where(w => w.Length > 0).Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1)));
    }
}
