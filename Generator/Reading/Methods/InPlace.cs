using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// In-place forms, <c>x.add_(y)</c> and <c>functional.relu(x, inplace: true)</c>. Where nothing else can see the tensor, they are the plain
/// operator, whose result takes the place of the local; where something can, they are refused.
/// </summary>
internal sealed partial class MethodReader
{
    // What these give may share memory with their operand.
    private static readonly HashSet<string> Views = new(
        ["reshape", "transpose", "permute", "unsqueeze", "squeeze", "expand", "narrow", "select", "diagonal", "detach", "dropout", "to"], StringComparer.Ordinal);

    private readonly Stack<Dictionary<ISymbol, Reading>> callers = new();

    private Reading ReadInPlace(IInvocationOperation call, char container, string name, ImmutableArray<Argument> arguments)
    {
        var at = call.Syntax;
        var plain = name.TrimEnd('_');
        if (arguments[0].Reading is not TensorReading { Value: var x }) return Unknown();
        var target = call.Instance ?? call.Arguments.First(a => a.Parameter?.Ordinal == 0).Value;
        while (target is IConversionOperation conversion) target = conversion.Operand;
        var local = target switch { ILocalReferenceOperation reference => reference.Local, IParameterReferenceOperation parameter => parameter.Parameter, _ => (ISymbol?)null };
        var why = local is null && target is not (IInvocationOperation or IBinaryOperation or IUnaryOperation) ? "is not a local variable" : SeenElsewhere(x, local, call);
        if (why is not null)
        {
            return Refuse("GSH4011", at, $"'{name}' changes '{local?.Name ?? target.Syntax.ToString()}' in place, which is not compiled where it {why}; write '{plain}', which makes a new tensor"
                + (local is null ? "." : $", as in {local.Name} = {local.Name}.{plain}(…)."));
        }

        if (Plain(call, container, plain, arguments, x) is not TensorReading result) return Unknown();
        if (result.Value.Tensor.Element != x.Tensor.Element && Cast(result.Value, x.Tensor.Element, at) is TensorReading cast) result = cast;
        if (!result.Value.Tensor.Dims.SequenceEqual(x.Tensor.Dims) && !plain.Contains("squeeze") && plain is not ("t" or "transpose" or "swapdims" or "swapaxes"))
            return Refuse("GSH1001", at, $"'{name}' gives [{string.Join(", ", result.Value.Tensor.Dims)}], which does not fit in '{x.Name}' [{string.Join(", ", x.Tensor.Dims)}].");
        return local is null ? result : Assign(local, result);
    }

    private Reading Plain(IInvocationOperation call, char container, string name, ImmutableArray<Argument> arguments, Value x)
    {
        var at = call.Syntax;
        string Host(int index, string otherwise) => arguments.Length > index && arguments[index].Reading is HostReading host ? host.In(Binding.Multiplicative) : otherwise;
        switch (name)
        {
            case "zero": return ApplyOne("zeros_like", Attributes.None, [x], at);
            case "fill" when arguments[1].Reading is HostReading value: return ApplyOne("full_like", Attributes.None.WithHost("value", value.Code), [x], at);
            case "copy" when arguments[1].Reading is TensorReading { Value: var source }:
                return source.Tensor.Dims.SequenceEqual(x.Tensor.Dims) ? new TensorReading(source) : ApplyOne("expand", Attributes.None.With("shape", x.Tensor.Dims), [source], at);
            case "uniform": return Result(Scalar(at, "add_scalar", Scalar(at, "mul_scalar", Uniform(x.Tensor.Dims, x.Tensor.Element, at), $"{Host(2, "1")} - {Host(1, "0")}"), Host(1, "0")));
            case "normal": return Result(Scalar(at, "add_scalar", Scalar(at, "mul_scalar", Normal(x.Tensor.Dims, x.Tensor.Element, at), Host(2, "1")), Host(1, "0")));
            case "index_put": return ReadIndexPut(x, arguments, at);
            default: return ReadMember(call, at, container, name, arguments);
        }
    }

    /// <summary>What else can see a tensor that is to be changed; null where nothing can.</summary>
    private string? SeenElsewhere(Value x, ISymbol? local, IOperation call)
    {
        if (builder.DefinitionOf(x) is not { } made) return "is the caller's, a parameter of the model, or carried by a loop";
        if (OperatorTable.Find(made.Name) is null || Views.Contains(made.Name)) return $"may share memory with what '{made.Name}' was given";
        if (callers.Any(c => c.Values.Any(r => Holds(r, x)))) return "is the caller's";
        if (locals.FirstOrDefault(l => !SymbolEqualityComparer.Default.Equals(l.Key, local) && Holds(l.Value, x)) is { Key: { } other }) return $"is '{other.Name}' as well";
        if (builder.UsersOf(x).FirstOrDefault(u => Views.Contains(u)) is { } view) return $"may share memory with what '{view}' made of it";
        return local is not null && IsUsedBeside(local, call) ? "is used besides in this statement or outside of the loop" : null;
    }

    private static bool Holds(Reading reading, Value value) => reading switch
    {
        TensorReading tensor => tensor.Value == value,
        ComplexReading z => Holds(z.Real, value) || Holds(z.Imaginary, value),
        TupleReading tuple => tuple.Items.Any(i => Holds(i, value)),
        ListReading list => list.Items.Any(i => Holds(i, value)),
        _ => false,
    };

    private static bool IsUsedBeside(ISymbol local, IOperation call)
    {
        IOperation statement = call;
        for (IOperation? at = call; at is not null; at = at.Parent)
        {
            if (statement == call && at.Parent is IBlockOperation or IMethodBodyOperation or null) statement = at;
            // What a loop over modules does to an outer variable is lost, unless it is assigned.
            if (at is IForEachLoopOperation loop && local.DeclaringSyntaxReferences.All(d => !loop.Syntax.Span.Contains(d.Span))) return true;
        }

        return statement.Descendants().Any(o => (o is ILocalReferenceOperation l && SymbolEqualityComparer.Default.Equals(l.Local, local) || o is IParameterReferenceOperation p && SymbolEqualityComparer.Default.Equals(p.Parameter, local))
            && !(o.Parent is ISimpleAssignmentOperation { Target: var target } && target == o) && !call.Syntax.Span.Contains(o.Syntax.Span));
    }
}
