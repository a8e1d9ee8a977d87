using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Reads one annotated method into a logical program. What it cannot read it reports at its place and takes for unknown; whatever uses an
/// unknown value is unknown without another report.
/// </summary>
internal sealed partial class MethodReader
{
    private const string Rematerialize = "RematerializeAttribute";

    private readonly ClassContext context;
    private readonly FindingBag findings;
    private readonly AnnotationReader annotations;
    private readonly ShardingReader shardings;
    private readonly ProgramBuilder builder;
    private readonly CancellationToken cancellation;
    private readonly Dictionary<string, (WeightDeclaration Declaration, Value Value)> weights = new(StringComparer.Ordinal);
    private readonly Stack<IMethodSymbol> calls = new();
    private readonly SortedSet<string> rematerialized = new(StringComparer.Ordinal);
    private Dictionary<ISymbol, Reading> locals = new(SymbolEqualityComparer.Default);
    private bool failed;

    public MethodReader(ClassContext context, FindingBag findings, CancellationToken cancellation)
    {
        this.context = context;
        this.findings = findings;
        this.cancellation = cancellation;
        annotations = new AnnotationReader(findings);
        shardings = new ShardingReader(context.Mesh, context.Type, findings);
        builder = new ProgramBuilder(context.Map);
        foreach (var axis in context.Mesh.Axes) builder.Reserve(axis.Name);
        foreach (var weight in Declared()) builder.Reserve(weight.FullName);
    }

    /// <summary>Element types of arguments and buffers that their use tells, by name.</summary>
    public Dictionary<string, ElementType> ElementHints { get; } = new(StringComparer.Ordinal);

    /// <summary>Sizes promised by annotations of the method.</summary>
    public ImmutableArray<Model.AxisPromise> Promises => shardings.Promises;

    /// <summary>Reads the method; null where an error kept it from being read whole.</summary>
    public Function? Read(IMethodSymbol method)
    {
        foreach (var hidden in context.Fields.Values.Where(f => f is HostValueField && method.Parameters.Any(p => p.Name == f.Name))) builder.Reserve(hidden.Name);
        var arguments = method.Parameters.Select(ReadParameter).ToList();
        if (BodyOf(method) is not { } body) return null;
        Enter(method);
        var returned = ReadBody(body);
        calls.Pop();
        var results = ReadResults(method, returned, body.Syntax);
        if (failed || results is null) return null;

        var solved = new SolvedProgram(builder.Solver);
        var parameters = arguments.OfType<Parameter>().Concat(Weights()).Select(solved.Rewrite).ToImmutableArray();
        var block = solved.Rewrite(builder.Close([], results.Value));
        var hosts = context.Fields.Values.OfType<HostValueField>().Where(f => KnownTypes.IsInteger(f.Type) && solved.Symbols.Contains(f.Name)).Select(f => f.Name);
        var symbols = hosts.OrderBy(n => n, StringComparer.Ordinal).ToImmutableArray();
        context.UsedHostFields.UnionWith(symbols);
        return new Function(method.Name, context.Mesh, symbols, parameters, block) { Rematerialized = [.. rematerialized], EvenAxes = context.EvenAxes };
    }

    /// <summary>Goes into a method; what a marked one reads through is computed again with it.</summary>
    private void Enter(IMethodSymbol method)
    {
        calls.Push(method);
        if (calls.Any(m => KnownTypes.Has(m, Rematerialize) || KnownTypes.Has(m.ContainingType, Rematerialize))) rematerialized.Add(method.Name);
    }

    private IEnumerable<WeightDeclaration> Declared() => context.Fields.Values
        .SelectMany(f => f is LibraryModule module ? module.Weights.Values : f is WeightDeclaration weight ? [weight] : Enumerable.Empty<WeightDeclaration>());

    private IEnumerable<Parameter> Weights() => Declared()
        .Where(w => weights.ContainsKey(w.FullName))
        .OrderBy(w => w.Symbol.Locations.FirstOrDefault()?.SourceSpan.Start ?? 0).ThenBy(w => w.Order).ThenByDescending(w => w.FullName, StringComparer.Ordinal)
        .Select(w => new Parameter(weights[w.FullName].Value, w.IsBuffer ? ParameterKind.Buffer : ParameterKind.Weight));

    private Parameter? ReadParameter(IParameterSymbol parameter)
    {
        var at = parameter.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation);
        if (KnownTypes.IsHost(parameter.Type) && parameter.RefKind == RefKind.None) return ReadHostParameter(parameter, at);
        if (!KnownTypes.IsTensor(parameter.Type) || parameter.RefKind != RefKind.None)
        {
            locals[parameter] = UnknownReading.Instance;
            failed = true;
            if (at is not null && parameter.Type.TypeKind != TypeKind.Error)
                findings.Report("GSH4010", at, $"The parameter '{parameter.Name}' is of type '{parameter.Type.ToDisplayString()}'; an annotated method takes tensors and host values of type int, long, double, float, bool, string or an enum: keep other values in fields of the class.");
            return null;
        }

        var annotation = annotations.Read(parameter, parameter.Name, AnnotationReader.Ours(parameter.GetAttributes()));
        if (annotation.Shape is not { } shape)
        {
            locals[parameter] = UnknownReading.Instance;
            failed = true;
            if (at is not null && !annotation.HasBrokenShape)
                findings.Report("GSH1003", at, $"The dims of '{parameter.Name}' are not known; name them, as in [Shape(\"B T M\")].");
            return null;
        }

        var element = context.Elements.TryGetValue(ElementKey(parameter.ContainingSymbol, parameter.Name), out var known) ? known : ElementType.Float;
        var value = builder.Declare(parameter.Name, new TensorType(element, shape.Dims, shardings.Read(annotation, shape.Dims)));
        locals[parameter] = new TensorReading(value);
        return new Parameter(value, ParameterKind.Argument);
    }

    /// <summary>A host value, the same on every rank: a parameter of the program, named in braces in host expressions.</summary>
    private Parameter? ReadHostParameter(IParameterSymbol parameter, SyntaxNode? at)
    {
        if (AnnotationReader.Ours(parameter.GetAttributes()).FirstOrDefault() is { } misplaced)
            findings.Report("GSH0013", misplaced, parameter, $"'{parameter.Name}' is of type '{parameter.Type.ToDisplayString()}', which is no tensor; remove the annotation.");
        if (at is not null && parameter.Name.StartsWith("_", StringComparison.Ordinal))
        {
            Refuse("GSH0014", at, $"'{parameter.Name}' begins with '_', which is kept for sizes that the compiler infers; name the parameter otherwise.");
            return null;
        }

        var value = builder.Declare(parameter.Name, new HostType(KnownTypes.Write(parameter.Type)));
        var size = KnownTypes.IsInteger(parameter.Type) ? Dim.Symbol(value.Name) : null;
        locals[parameter] = new HostReading("{" + value.Name + "}", parameter.Type.TypeKind == TypeKind.Enum ? SpecialType.System_Enum : parameter.Type.SpecialType, size);
        return new Parameter(value, ParameterKind.Argument);
    }

    /// <summary>The key of a tensor in <see cref="ClassContext.Elements"/>.</summary>
    public static string ElementKey(ISymbol? method, string name) => (method?.Name ?? "") + "(" + name + ")";

    private Reading ReadWeight(WeightDeclaration weight, SyntaxNode at)
    {
        if (weights.TryGetValue(weight.FullName, out var known)) return new TensorReading(known.Value);
        if (weight.IsBroken) return Unknown();
        if (weight.Dims is not { } dims)
            return Refuse("GSH1003", at, $"The dims of '{weight.Name}' are not known; name them where it is declared, as in [Shape(\"E M H\")].");
        var element = context.Elements.TryGetValue(ElementKey(null, weight.FullName), out var hinted) ? hinted : weight.Element;
        var type = context.SettledWeights.TryGetValue(weight.FullName, out var settled)
            ? settled
            : new TensorType(element, dims, weight.Sharding ?? TensorSharding.Open(dims.Length));
        var value = ProgramBuilder.DeclareReserved(weight.FullName, type);
        weights[weight.FullName] = (weight, value);
        return new TensorReading(value);
    }

    private IOperation? BodyOf(IMethodSymbol method)
    {
        foreach (var reference in method.DeclaringSyntaxReferences)
        {
            var syntax = reference.GetSyntax(cancellation);
            if (!context.Compilation.ContainsSyntaxTree(syntax.SyntaxTree)) continue;
            if (context.OperationOf(syntax, cancellation) is IMethodBodyOperation body && (body.BlockBody ?? body.ExpressionBody) is not null) return body;
        }

        failed = true;
        return null;
    }

    private Reading? ReadBody(IOperation body)
    {
        var block = body is IMethodBodyOperation method ? method.BlockBody ?? method.ExpressionBody : body as IBlockOperation;
        return block is null ? null : ReadStatements(block.Operations, 0, null);
    }

    /// <summary>Reports what cannot be read.</summary>
    private UnknownReading Refuse(string id, SyntaxNode at, string message)
    {
        failed = true;
        findings.Report(id, at, message);
        return UnknownReading.Instance;
    }

    /// <summary>What is unknown already, or does not compile, needs no report.</summary>
    private UnknownReading Unknown()
    {
        failed = true;
        return UnknownReading.Instance;
    }

    /// <summary>Applies an operator and reports where it cannot be.</summary>
    private ImmutableArray<Value>? Apply(string name, Attributes attributes, ImmutableArray<Value> operands, SyntaxNode at)
    {
        if (OperatorTable.Find(name) is null)
        {
            Refuse("GSH4004", at, $"'{name}' has no sharding rule, so that it cannot be split over ranks; write it with other operators, or put it into a static method with [ShardRule].");
            return null;
        }

        try
        {
            var results = builder.Apply(name, attributes, operands, at);
            InferElements(name, operands);
            return results;
        }
        catch (ShapeException error)
        {
            var why = error.Message.StartsWith(name + ": ", StringComparison.Ordinal) ? error.Message.Substring(name.Length + 2) : error.Message;
            Refuse("GSH1001", at, $"'{name}' cannot be applied: {why}");
        }
        catch (Exception error) when (error is InvalidOperationException or OverflowException or DivideByZeroException)
        {
            Refuse("GSH4005", at, $"This call of '{name}' cannot be compiled: {error.Message}");
        }

        return null;
    }

    private Reading ApplyOne(string name, Attributes attributes, ImmutableArray<Value> operands, SyntaxNode at) =>
        Apply(name, attributes, operands, at) is { } results ? new TensorReading(results[0]) : UnknownReading.Instance;

    /// <summary>Records what the use of a tensor tells about the element type of an argument or buffer.</summary>
    private void InferElements(string name, ImmutableArray<Value> operands)
    {
        for (var i = 0; i < operands.Length; i++)
            if (ElementUse.Of(name, i) is { } element) Infer(operands[i], element);
    }

    private void Infer(Value value, ElementType element)
    {
        while (builder.DefinitionOf(value) is { } made)
        {
            if (!ElementUse.Keeps(made.Name)) return;
            value = made.Operands[0];
        }

        if (value.Tensor.Element == ElementType.Float && element != ElementType.Float) ElementHints[value.Name] = element;
    }
}
