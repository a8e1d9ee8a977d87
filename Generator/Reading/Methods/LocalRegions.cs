using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary><c>Sharding.Local</c>: a function of parts, with its operands placed as the text says.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadLocal(IInvocationOperation call)
    {
        var at = call.Syntax;
        IOperation? Given(string name) => call.Arguments.FirstOrDefault(a => a.Parameter?.Name == name)?.Value;
        if (Given("placements") is not { ConstantValue: { HasValue: true, Value: string text } } placements) return Refuse("GSH4005", at, "The placements of Sharding.Local must be a constant text, as in \"B@data M -> B@data\".");
        Reading Wrong(string why) => Refuse("GSH0018", placements.Syntax, $"The text of the local region {why}");
        var results = ResultCount(call.Type!);
        if (results == 0) return Wrong("belongs to a body that returns no tensors; return a tensor or a tuple of tensors.");

        var operands = ImmutableArray.CreateBuilder<Value>();
        foreach (var argument in call.Arguments.Where(a => a.Parameter?.Name is "a" or "b" or "c" or "d").OrderBy(a => a.Parameter!.Ordinal))
        {
            var given = ReadExpression(argument.Value);
            if (IsComplex(given)) return RefuseComplex("'Sharding.Local' takes", argument.Syntax);
            if (given is not TensorReading { Value: var operand }) return Unknown();
            operands.Add(operand);
        }

        if (PlacementText.Parse(text, context.Mesh, operands.Count, results, out var parsed) is { } fault) return Wrong(fault);
        for (var i = 0; i < operands.Count; i++)
        {
            var (operand, axes) = (operands[i], parsed!.Operands[i]);
            if (operand.Tensor.Rank != axes.Length) return Wrong($"names {axes.Length} dims of operand {i + 1}, but '{operand.Name}' has {operand.Tensor.Rank}; name each of its dims.");
            var sharding = new TensorSharding([.. axes.Select(a => new DimSharding([.. a.Select(n => new AxisRef(n))], false))], [], []);
            operands[i] = ((TensorReading)Constrain(operand, sharding, at, "Sharding.Local")).Value;
        }

        var attributes = Attributes.None.With("rule", new TextAttribute(parsed!.Rule)).With("manual", true)
            .With("reduce", new TextAttribute(string.Join(" ", parsed.Reduced))).With("whole", new TextAttribute(string.Join(" ", parsed.Whole)));
        var list = string.Join(", ", operands.Select((_, i) => "$" + i));
        if (FunctionCode(Given("body"), "body") is not { } body) return UnknownReading.Instance;
        attributes = attributes.WithHost("call", $"{body}({list})");
        if (Given("backward") is { } backward && !(Unwrap(backward) is IDefaultValueOperation || Unwrap(backward).ConstantValue is { HasValue: true, Value: null }))
        {
            if (FunctionCode(backward, "backward") is not { } reverse) return UnknownReading.Instance;
            attributes = attributes.WithHost("backward", $"{reverse}({string.Join(", ", Enumerable.Range(0, results).Select(i => "$d" + i))}, {list})");
        }
        else if (RefuseDraws(operands.ToImmutable(), FunctionSource(Given("body")), "The body of Sharding.Local", at))
        {
            return UnknownReading.Instance;
        }

        return ApplyFunction(attributes, operands.ToImmutable(), at);
    }

    /// <summary>What generated code calls for a static method, lambda or local function; the latter two are copied into the sharded class.</summary>
    private string? FunctionCode(IOperation? function, string what)
    {
        while (function is IConversionOperation or IDelegateCreationOperation)
            function = function is IConversionOperation conversion ? conversion.Operand : ((IDelegateCreationOperation)function).Target;
        switch (function)
        {
            case IMethodReferenceOperation { Method: { MethodKind: not MethodKind.LocalFunction, IsStatic: true } method }:
                if (Visible(method)) return (IsOwn(method.ContainingType) ? "" : Write(method.ContainingType) + ".") + method.Name;
                Refuse("GSH0017", function.Syntax, $"'{method.Name}' is not visible to the sharded module; make it internal or public.");
                return null;
            case IMethodReferenceOperation { Method: { MethodKind: MethodKind.LocalFunction, IsStatic: true } local } when SourceOf(local) is { } declaration:
                return Copied(declaration, local);
            case IAnonymousFunctionOperation { Symbol.IsStatic: true } lambda:
                return Copied(lambda.Syntax, lambda.Symbol);
            case null or IInvalidOperation:
                Unknown();
                return null;
            default:
                Refuse("GSH4005", function.Syntax, $"The {what} of Sharding.Local must be static, because it is copied to where the ranks run it: write 'static (x) => …', a static local function or a static method, and pass what it needs as operands.");
                return null;
        }
    }

    private static SyntaxNode? FunctionSource(IOperation? function)
    {
        while (function is IConversionOperation or IDelegateCreationOperation)
            function = function is IConversionOperation conversion ? conversion.Operand : ((IDelegateCreationOperation)function).Target;
        return function is IMethodReferenceOperation { Method: var method } ? method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() : (function as IAnonymousFunctionOperation)?.Syntax;
    }

    private string? Copied(SyntaxNode source, IMethodSymbol symbol)
    {
        if (context.LocalFunctions.TryGetValue(source, out var known)) return known.Name;
        var name = Writing.Identifier.Pascal(calls.Last().Name) + "Local" + (context.LocalFunctions.Count == 0 ? "" : (context.LocalFunctions.Count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var copy = new FunctionCopy(context.Compilation.GetSemanticModel(source.SyntaxTree), IsOwn);
        var text = copy.Write(source, symbol, name);
        if (copy.Fault is { } fault)
        {
            Refuse("GSH4005", fault.At, fault.Message);
            return null;
        }

        context.LocalFunctions[source] = (name, text);
        return name;
    }
}
