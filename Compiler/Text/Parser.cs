using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Text;

/// <summary>
/// Reads programs from their text form:
/// <code>
/// mesh expert=8
/// func moe(x: float[G@expert,S,M], weight w: float[M,E]) {
///   y: float[G,S,E]? = einsum["GSM,ME->GSE"](x, w)
///   return y
/// }
/// </code>
/// </summary>
public sealed class Parser
{
    private readonly Scanner scanner;
    private readonly Dictionary<string, Value> values = new(StringComparer.Ordinal);

    private Parser(string text) => scanner = new Scanner(text);

    /// <summary>Reads one function.</summary>
    /// <exception cref="FormatException">The text is no program; the message gives line, column and what is expected.</exception>
    public static Function Parse(string text)
    {
        var parser = new Parser(text);
        var function = parser.ParseFunction();
        return parser.scanner.AtEnd ? function : throw parser.scanner.Unexpected("the end");
    }

    private Function ParseFunction()
    {
        scanner.Expect("mesh");
        var axes = ImmutableArray.CreateBuilder<MeshAxis>();
        while (!scanner.Sees("func") && !scanner.Sees("host") && !scanner.Sees("rematerialize"))
        {
            if (axes.Count > 0) scanner.Expect(",");
            axes.Add(new MeshAxis(scanner.Word("a mesh axis"), scanner.Take("=") ? Number() : null));
        }

        var hosts = ImmutableArray.CreateBuilder<string>();
        if (scanner.Take("host"))
            do hosts.Add(scanner.Word("a host value")); while (scanner.Take(","));
        var rematerialized = ImmutableArray.CreateBuilder<string>();
        if (scanner.Take("rematerialize"))
            do rematerialized.Add(scanner.Word("a method")); while (scanner.Take(","));
        scanner.Expect("func");
        var name = scanner.Word("a function name");
        scanner.Expect("(");
        var parameters = ImmutableArray.CreateBuilder<Parameter>();
        while (!scanner.Take(")"))
        {
            if (parameters.Count > 0) scanner.Expect(",");
            var kind = scanner.Take("weight") ? ParameterKind.Weight : scanner.Take("buffer") ? ParameterKind.Buffer : ParameterKind.Argument;
            parameters.Add(new Parameter(Declare(), kind));
        }

        scanner.Expect("{");
        var body = ParseBlock([], "return");
        return new Function(name, new Mesh(axes.ToImmutable()), hosts.ToImmutable(), parameters.ToImmutable(), body) { Rematerialized = rematerialized.ToImmutable() };
    }

    private Block ParseBlock(ImmutableArray<Value> arguments, string end)
    {
        var operations = ImmutableArray.CreateBuilder<Operation>();
        while (!scanner.Take(end)) operations.Add(ParseOperation());
        var yields = ImmutableArray.CreateBuilder<Value>();
        while (!scanner.Take("}"))
        {
            if (yields.Count > 0) scanner.Expect(",");
            yields.Add(Use());
        }

        return new Block(arguments, operations.ToImmutable(), yields.ToImmutable());
    }

    private Operation ParseOperation()
    {
        var results = new List<(string Name, IrType Type)>();
        var name = scanner.Word("an operation");
        if (scanner.Sees(":"))
        {
            results.Add((name, DeclaredType()));
            while (scanner.Take(",")) results.Add((scanner.Word("a name"), DeclaredType()));
            scanner.Expect("=");
            name = scanner.Word("an operator");
        }

        var attributes = scanner.Take("[") ? ParseAttributes() : Attributes.None;
        scanner.Expect("(");
        var operands = ImmutableArray.CreateBuilder<Value>();
        while (!scanner.Take(")"))
        {
            if (operands.Count > 0) scanner.Expect(",");
            operands.Add(Use());
        }

        var blocks = ImmutableArray.CreateBuilder<Block>();
        while (scanner.Take("{"))
        {
            var arguments = ImmutableArray.CreateBuilder<Value>();
            if (scanner.Take("|"))
            {
                do arguments.Add(Declare()); while (scanner.Take(","));
                scanner.Expect("|");
            }

            blocks.Add(ParseBlock(arguments.ToImmutable(), "yield"));
        }

        return new Operation(name, operands.ToImmutable(), [.. results.Select(r => Define(r.Name, r.Type))], attributes, Origin.None, blocks.ToImmutable());
    }

    private Attributes ParseAttributes()
    {
        var result = Attributes.None;
        var first = true;
        while (!scanner.Take("]"))
        {
            if (!first) scanner.Expect(",");
            first = false;
            if (scanner.Take("\"")) result = result.With(Attributes.Equation, new TextAttribute(scanner.Quoted('"')));
            else
            {
                var key = scanner.Word("an attribute");
                result = scanner.Take("=") ? result.With(key, key == Attributes.Item ? new NameAttribute(scanner.Word("a name")) : ParseAttribute()) : result.With(Attributes.Name, new NameAttribute(key));
            }
        }

        return result;
    }

    private AttributeValue ParseAttribute()
    {
        if (scanner.Take("\"")) return new TextAttribute(scanner.Quoted('"'));
        if (scanner.Take("`")) return new HostAttribute(scanner.Quoted('`'));
        if (scanner.Take("true")) return new BoolAttribute(true);
        if (scanner.Take("false")) return new BoolAttribute(false);
        if (!scanner.Take("[")) return new DimAttribute(DimParser.Parse(scanner.Until(",]")));
        var sizes = ImmutableArray.CreateBuilder<Dim>();
        while (!scanner.Take("]"))
        {
            if (sizes.Count > 0) scanner.Expect(",");
            sizes.Add(DimParser.Parse(scanner.Until(",]")));
        }

        return new DimsAttribute(sizes.ToImmutable());
    }

    private Value Declare() => Define(scanner.Word("a name"), DeclaredType());

    private IrType DeclaredType()
    {
        scanner.Expect(":");
        return TypeParser.Parse(scanner);
    }

    private Value Define(string name, IrType type)
    {
        if (values.ContainsKey(name)) throw new FormatException($"'{name}' is defined twice.");
        return values[name] = new Value(name, type);
    }

    private Value Use()
    {
        var name = scanner.Word("a value");
        return values.TryGetValue(name, out var value) ? value : throw new FormatException($"'{name}' is used before it is defined.");
    }

    private long Number() => long.Parse(scanner.Word("a number"), CultureInfo.InvariantCulture);
}
