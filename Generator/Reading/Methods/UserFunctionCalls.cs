using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls of functions that the author made operators by <c>[ShardRule]</c>.</summary>
internal sealed partial class MethodReader
{
    private const string UserFunction = "user_function";

    private const int MostGradients = 6;

    private Reading ReadUserFunction(IInvocationOperation call, IMethodSymbol method, AttributeData attribute)
    {
        var at = call.Syntax;
        Reading Wrong(string why) => Refuse("GSH0018", at, $"The [ShardRule] of '{method.Name}' {why}");
        if (!method.IsStatic || method.IsGenericMethod || method.Parameters.Any(p => p.RefKind != RefKind.None || !KnownTypes.IsTensor(p.Type) && !KnownTypes.IsHost(p.Type)))
            return Wrong("stands on a method that is not static, is generic, or takes something besides tensors and host values; make it a static method of those.");
        var results = ResultCount(method.ReturnType);
        if (results == 0) return Wrong("stands on a method that returns no tensors; return a tensor or a tuple of tensors.");
        if (!Visible(method)) return Refuse("GSH0017", at, $"'{method.Name}' is not visible to the sharded module; make it internal or public.");
        if (attribute.ConstructorArguments is not [{ Value: string rule }]) return Unknown();
        var arguments = ReadArguments(call);
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        if (arguments.FirstOrDefault(a => IsComplex(a.Reading)) is { } complex) return RefuseComplex($"'{method.Name}' takes", complex.Syntax);

        var tensors = method.Parameters.Where(p => KnownTypes.IsTensor(p.Type)).ToList();
        var fault = FactorText.Fault(rule, tensors.Count, results);
        if (fault is not null) return Wrong(fault);
        var attributes = Attributes.None.With("rule", new TextAttribute(rule));
        string? Named(string key) => attribute.NamedArguments.FirstOrDefault(a => a.Key == key).Value.Value as string;
        foreach (var (key, property) in new[] { ("reduce", "Reduce"), ("whole", "Replicate") })
        {
            if (Named(property) is not { } factors) continue;
            if (FactorText.Words(factors).FirstOrDefault(f => !FactorText.Names(rule, 0).Contains(f)) is { } unknown) return Wrong($"names '{unknown}' in {property}, which is no factor of an operand in \"{rule}\"; name one that is.");
            if (key == "reduce" && FactorText.Words(factors).FirstOrDefault(f => FactorText.Names(rule, 1).Contains(f)) is { } kept) return Wrong($"reduces '{kept}', which a result of \"{rule}\" keeps; drop it from one of the two.");
            attributes = attributes.With(key, new TextAttribute(factors));
        }

        foreach (var (key, property) in new[] { ("linear", "Linear"), ("each", "Each") })
        {
            if (Named(property) is not { } names) continue;
            var indices = FactorText.Words(names).Select(n => tensors.FindIndex(t => t.Name == n)).ToList();
            if (indices.Contains(-1)) return Wrong($"names '{FactorText.Words(names)[indices.IndexOf(-1)]}' in {property}, which is no tensor parameter; the parameters are {string.Join(", ", tensors.Select(t => $"'{t.Name}'"))}.");
            attributes = attributes.With(key, indices);
        }

        foreach (var factor in FactorText.Names(rule, 1).Except(FactorText.Names(rule, 0)).Where(f => char.IsLetter(f[0])))
        {
            var size = arguments.FirstOrDefault(a => a.Name == factor && a.Reading is HostReading { IsInteger: true });
            if (size is null || SizeOf(size.Reading, size.Syntax, factor) is not { } known)
                return Wrong($"has the factor '{factor}' in a result and in no operand, so that its size is not known; write a number, or give the method an int parameter '{factor}'.");
            attributes = attributes.With("size_" + factor, known);
        }

        var owner = (IsOwn(method.ContainingType) ? "" : Write(method.ContainingType) + ".");
        var operands = arguments.Where(a => a.Reading is TensorReading).Select(a => ((TensorReading)a.Reading).Value).ToImmutableArray();
        if (operands.Length != tensors.Count) return Refuse("GSH4005", at, $"'{method.Name}' is given no tensor for one of its tensor parameters; give it one.");
        if (operands.Count(o => o.IsDifferentiable) > MostGradients && Named("Backward") is null)
            return Wrong($"stands on a method of more than {MostGradients} floating-point tensors; give it a Backward, or join some of them.");
        var list = CallArguments(arguments);
        attributes = attributes.WithHost("call", $"{owner}{method.Name}({list})");
        if (Named("Backward") is { } backward)
        {
            var given = method.ContainingType.GetMembers(backward).OfType<IMethodSymbol>().FirstOrDefault(m => m.IsStatic);
            var floating = results;
            if (given is null || given.Parameters.Length != floating + method.Parameters.Length)
                return Wrong($"names '{backward}' as its backward, which is no static method of '{method.ContainingType.Name}' that takes {floating} cotangent{(floating == 1 ? "" : "s")} and then what '{method.Name}' takes.");
            attributes = attributes.WithHost("backward", $"{owner}{backward}({string.Join(", ", Enumerable.Range(0, floating).Select(i => "$d" + i))}, {list})");
        }
        else if (RefuseDraws(operands, method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(), $"'{method.Name}'", at))
        {
            return UnknownReading.Instance;
        }

        return ApplyFunction(attributes, operands, at);
    }

    /// <summary>Refuses a function without a backward of its own that draws random numbers.</summary>
    private bool RefuseDraws(ImmutableArray<Value> operands, SyntaxNode? function, string name, SyntaxNode at)
    {
        if (function is null || !operands.Any(o => o.IsDifferentiable) || new RandomDraws(context.Compilation, cancellation).Find(function) is not { } draw) return false;
        Refuse("GSH0021", at, $"{name} draws random numbers by '{draw}', and its backward, which runs it again, would draw others; draw them before it and pass them in, or give it a backward of its own.");
        return true;
    }

    private Reading ApplyFunction(Attributes attributes, ImmutableArray<Value> operands, SyntaxNode at)
    {
        if (Apply(UserFunction, attributes, operands, at) is not { } results) return UnknownReading.Instance;
        return results.Length == 1 ? new TensorReading(results[0]) : new TupleReading([.. results.Select(r => (Reading)new TensorReading(r))]);
    }

    private static string CallArguments(ImmutableArray<Argument> arguments)
    {
        var tensor = 0;
        return string.Join(", ", arguments.Select(a => a.Reading is TensorReading ? "$" + tensor++ : ((HostReading)a.Reading).Code));
    }

    private static int ResultCount(ITypeSymbol type) => KnownTypes.IsTensor(type) ? 1
        : type is INamedTypeSymbol { IsTupleType: true } tuple && tuple.TupleElements.All(e => KnownTypes.IsTensor(e.Type)) ? tuple.TupleElements.Length : 0;
}
