using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls of TorchSharp's members by the table, and its operators.</summary>
internal sealed partial class MethodReader
{
    /// <summary>An actual argument, the instance first: its type, what it is, and whether the user wrote it.</summary>
    private sealed record Argument(string Name, ITypeSymbol? Type, Reading Reading, bool IsGiven, SyntaxNode Syntax);

    private ImmutableArray<Argument> ReadArguments(IInvocationOperation call)
    {
        var arguments = ImmutableArray.CreateBuilder<Argument>();
        if (call.Instance is { } instance) arguments.Add(new Argument("this", instance.Type, ReadExpression(instance), true, instance.Syntax));
        // Arguments are evaluated as written, and handed over in the order of the parameters.
        var read = call.Arguments.Select(a => (Ordinal: a.Parameter?.Ordinal ?? 0, Argument: new Argument(
            a.Parameter?.Name ?? "", a.Parameter?.Type, ReadExpression(a.Value), a.ArgumentKind != ArgumentKind.DefaultValue, a.Value.Syntax))).ToList();
        arguments.AddRange(read.OrderBy(a => a.Ordinal).Select(a => a.Argument));
        return arguments.ToImmutable();
    }

    private Reading ReadApiCall(IInvocationOperation call, char container)
    {
        var arguments = ReadArguments(call);
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        var name = call.TargetMethod.Name;
        if (ReadComplex(call, container, name, arguments) is { } complex) return complex;
        if (container is 'T' or 't' && name.EndsWith("_", StringComparison.Ordinal) && arguments.Length > 0 && arguments[0].Reading is TensorReading) return ReadInPlace(call, container, name, arguments);
        if (arguments.Any(a => a.Name == "inplace" && a.Reading is HostReading { Truth: true }))
            return ReadInPlace(call, container, name, [.. arguments.Select(a => a.Name == "inplace" ? a with { Reading = HostReading.Of(false), IsGiven = false } : a)]);
        return ReadMember(call, call.Syntax, container, name, arguments);
    }

    private Reading ReadMember(IInvocationOperation? call, SyntaxNode at, char container, string name, ImmutableArray<Argument> arguments)
    {
        if (ReadSpecial(call, at, name, container, arguments) is { } special) return special;
        try
        {
            if (ReadRecipe(container, name, arguments, at) is { } composed) return composed;
        }
        catch (Compiler.Operators.ShapeException error)
        {
            return Refuse("GSH1001", at, $"'{name}' cannot be applied: {error.Message}");
        }

        var fitting = ApiTable.Find(container, name).Where(row => Fits(row.Parameters, arguments)).ToList();
        if ((fitting.FirstOrDefault(row => arguments.Skip(row.Parameters.Length).All(IsIgnored)) ?? fitting.FirstOrDefault()) is { } found) return ApplyRow(found, arguments, at);
        var full = (container == 'T' ? "Tensor." : container == 'f' ? "nn.functional." : "torch.") + name;
        if (name is "item" or "ToSingle" or "ToDouble" or "ToInt64" or "ToInt32" or "ToBoolean" or "data" or "nonzero")
            return Refuse("GSH4009", at, $"'{full}' makes the program depend on a tensor's values, which may differ from rank to rank; keep the computation in tensors, for instance by torch.where.");
        return Refuse("GSH4003", at, $"'{full}' with these arguments is not known to the compiler; write it with other operators, or put it into a static method with [ShardRule].");
    }

    private static bool Fits(ImmutableArray<ApiParameter> parameters, ImmutableArray<Argument> arguments)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            if (i >= arguments.Length)
            {
                if (parameters[i].Role is ApiRole.Flag or ApiRole.Cast) continue;
                return false;
            }

            var (role, argument) = (parameters[i].Role, arguments[i]);
            var fits = role switch
            {
                ApiRole.Tensor => argument.Reading is TensorReading,
                ApiRole.Dim or ApiRole.Size => argument.Reading is HostReading { IsInteger: true } && !IsScalar(argument.Type),
                ApiRole.Dims or ApiRole.Shape => argument.Reading is ListReading or TupleReading or HostReading { IsInteger: true },
                ApiRole.Null => argument.Reading is NullReading,
                ApiRole.Only => argument.Reading is HostReading host && IsOnly(host, parameters[i].Attribute),
                ApiRole.Reduction => argument.Reading is HostReading { Symbol: not null },
                ApiRole.Value => argument.Reading is HostReading || argument.Reading is NullReading && !KnownTypes.IsTensor(argument.Type),
                ApiRole.Flag => argument.Reading is HostReading { Type: SpecialType.System_Boolean },
                _ => argument.Reading is ElementReading or NullReading,
            };
            if (!fits) return false;
        }

        return true;
    }

    private static bool IsOnly(HostReading host, string expected) => host.Symbol is { } member ? member.Name == expected
        : host.Truth is { } truth ? expected == (truth ? "true" : "false")
        : double.TryParse(expected, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && IsNumber(host, number);

    private static bool IsScalar(ITypeSymbol? type) => type is { Name: "Scalar" };

    private Reading ApplyRow(ApiRow row, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var operands = ImmutableArray.CreateBuilder<Value>();
        var attributes = Attributes.None;
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (i >= row.Parameters.Length)
            {
                if (!IsIgnored(argument)) return RefuseArgument(argument, row.Method);
                continue;
            }

            var (role, key) = (row.Parameters[i].Role, row.Parameters[i].Attribute);
            switch (role)
            {
                case ApiRole.Tensor:
                    operands.Add(((TensorReading)argument.Reading).Value);
                    break;
                case ApiRole.Dim when SizeOf(argument.Reading, argument.Syntax) is { } dim:
                    if (dim.Value is null) return RefuseArgument(argument, row.Method, "must be a constant");
                    attributes = attributes.With(key, dim);
                    break;
                case ApiRole.Size when SizeOf(argument.Reading, argument.Syntax, key) is { } size:
                    attributes = attributes.With(key, size);
                    break;
                case ApiRole.Dims or ApiRole.Shape when Sizes(argument.Reading, argument.Syntax) is { } sizes:
                    if (role == ApiRole.Dims && sizes.Any(s => s.Value is null)) return RefuseArgument(argument, row.Method, "must be constants");
                    attributes = attributes.With(key, attributes.Has(key) ? attributes.Sizes(key).AddRange(sizes) : sizes);
                    break;
                case ApiRole.Value:
                    if (argument.Reading is HostReading host) attributes = attributes.WithHost(key, host.Code);
                    break;
                case ApiRole.Flag:
                    if (((HostReading)argument.Reading).Truth is not { } truth) return RefuseArgument(argument, row.Method, "must be a constant");
                    if (truth) attributes = attributes.With(key, true);
                    break;
                case ApiRole.Cast:
                    if (argument.Reading is ElementReading element)
                    {
                        if (Cast(operands[0], element.Type, at) is not TensorReading cast) return UnknownReading.Instance;
                        operands[0] = cast.Value;
                    }

                    break;
                default:
                    return Unknown();
            }
        }

        if (Apply(row.Operator, attributes, operands.ToImmutable(), at) is not { } results) return UnknownReading.Instance;
        return results.Length == 1 ? new TensorReading(results[0]) : new TupleReading([.. results.Select(r => (Reading)new TensorReading(r))]);
    }

    // Devices are the rank's own; copies, views and memory formats make no difference to values.
    private static bool IsIgnored(Argument argument) =>
        !argument.IsGiven || argument.Reading is NullReading or DeviceReading || argument.Name is "copy" or "non_blocking" or "disposeAfter"
        || argument.Name is "requires_grad" or "inplace" or "unbiased" && argument.Reading is HostReading { Truth: false };

    private Reading RefuseArgument(Argument argument, string method, string why = "is not compiled") =>
        Refuse("GSH4005", argument.Syntax, $"The argument '{argument.Name}' of '{method}' {why}; "
            + (why == "is not compiled" ? "leave it out, or write the call with other operators." : "write the number itself, or a constant of the class."));

    private Reading Cast(Value value, ElementType element, SyntaxNode at) =>
        value.Tensor.Element == element ? new TensorReading(value) : ApplyOne("to", Attributes.Named(element.Text()), [value], at);

    private ImmutableArray<Dim>? Sizes(Reading reading, SyntaxNode at)
    {
        if (reading is not (ListReading or TupleReading)) return SizeOf(reading, at) is { } one ? [one] : null;
        var sizes = ImmutableArray.CreateBuilder<Dim>();
        foreach (var item in reading is ListReading list ? list.Items : ((TupleReading)reading).Items)
        {
            if (SizeOf(item, at) is not { } size) return null;
            sizes.Add(size);
        }

        return sizes.ToImmutable();
    }

    private static bool IsWhole(Value value) => value.Tensor.Element != ElementType.Bool && !value.Tensor.Element.IsFloating();

    private UnknownReading RefuseIndex(ModuleIndexReading index, SyntaxNode at) =>
        Refuse("GSH4002", at, $"The index of a loop over '{index.List.Name}' stands for {index.List.Name}[i] only; keep what depends on the place in a field of the item's class.");

    private Reading ReadBinary(IOperation at, BinaryOperatorKind kind, Reading left, IOperation rightOperand, IMethodSymbol? method)
    {
        var right = ReadExpression(rightOperand);
        switch (left, right)
        {
            case (ModuleIndexReading index, _):
                return RefuseIndex(index, at.Syntax);
            case (_, ModuleIndexReading index):
                return RefuseIndex(index, at.Syntax);
            case (UnknownReading, _) or (_, UnknownReading):
                return Unknown();
            case (ComplexReading, ComplexReading or TensorReading or HostReading) or (TensorReading or HostReading, ComplexReading):
                return CombineComplex(kind, left, right, at.Syntax);
            case (HostReading a, HostReading b):
                return ReadHostBinary(at, kind, a, b);
            case (TensorReading a, TensorReading b) when TensorOperators.Find(kind) is { } entry:
                return ApplyOne(IsWhole(a.Value) || IsWhole(b.Value) ? entry.Tensors.Replace("logical_", "bitwise_") : entry.Tensors, Attributes.None, [a.Value, b.Value], at.Syntax);
            case (TensorReading a, HostReading b) when TensorOperators.Find(kind)?.Scalar is { } name:
                return ApplyOne(name, Attributes.None.WithHost("value", b.Code), [a.Value], at.Syntax);
            case (HostReading a, TensorReading b) when TensorOperators.Find(kind)?.Reversed is { } name:
                return ApplyOne(name, Attributes.None.WithHost("value", a.Code), [b.Value], at.Syntax);
            case (NullReading, NullReading):
                return HostReading.Of(kind == BinaryOperatorKind.Equals);
            case (TensorReading or ModuleReading, NullReading) or (NullReading, TensorReading or ModuleReading) when kind is BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals:
                return HostReading.Of(kind == BinaryOperatorKind.NotEquals);
            default:
                return method is null && at.Type?.TypeKind == TypeKind.Error
                    ? Unknown()
                    : Refuse("GSH4002", at.Syntax, "This operator is not compiled on these operands; write it with + - * / or comparisons of tensors and numbers.");
        }
    }
}
