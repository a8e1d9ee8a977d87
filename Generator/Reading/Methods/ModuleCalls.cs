using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls of submodules: TorchSharp's become operators, sharded ones a typed boundary.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadLibrary(LibraryModule module, IInvocationOperation call)
    {
        if (call.TargetMethod.Name is not ("forward" or "call"))
            return Refuse("GSH4003", call.Syntax, $"'{call.TargetMethod.Name}' of '{module.Name}' is not known to the compiler; call '{module.Name}.forward'.");
        var inputs = ReadArguments(call).RemoveAt(0);
        if (inputs.Any(i => IsComplex(i.Reading))) return RefuseComplex($"'{module.Label}' takes", call.Syntax);
        if (inputs.Any(i => i.Reading is UnknownReading)) return Unknown();
        builder.IsRematerialized = KnownTypes.Has(module.Symbol, Rematerialize);
        var result = ReadLibrary(module, inputs, call.Syntax);
        builder.IsRematerialized = false;
        return result;
    }

    private Reading ReadLibrary(LibraryModule module, ImmutableArray<Argument> inputs, SyntaxNode at)
    {
        if (inputs.FirstOrDefault()?.Reading is not TensorReading { Value: var x }) return Unknown();
        Value? Weight(string name) => module.Weights.TryGetValue(name, out var weight) && ReadWeight(weight, at) is TensorReading reading ? reading.Value : null;
        switch (module.Kind)
        {
            case "Sequential":
                Reading result = new TensorReading(x);
                foreach (var item in module.Items)
                {
                    if (result is not TensorReading) break;
                    result = ReadLibrary(item, [inputs[0] with { Reading = result }], at);
                }

                return result;
            case "Linear" when Weight("weight") is { } weight: return ReadLinear(x, weight, Weight("bias"), at);
            case "Embedding" when Weight("weight") is { } weight:
                var embedding = Attributes.None;
                if (Given(module, "max_norm") || Given(module, "scale_grad_by_freq"))
                    return Refuse("GSH4005", at, $"'{module.Label}' is made with max_norm or scale_grad_by_freq, which are not compiled; leave them out.");
                if (GivenNumber(module, "padding_idx") is { } index) embedding = embedding.With("padding_idx", index);
                else if (Given(module, "padding_idx")) return Refuse("GSH4005", at, $"The padding_idx of '{module.Label}' must be a constant; write the number itself.");
                return ApplyOne("embedding", embedding, [weight, x], at);
            case "LayerNorm":
                var affine = ImmutableArray.Create(Weight("weight"), Weight("bias"));
                var dims = module.Weights.TryGetValue("weight", out var scale) ? scale.Dims!.Value.Length
                    : module.Arguments is { } given && given.TryGetValue("normalized_shape", out var shape) && ConstructorReader.Elements(Unwrap(shape)) is { } elements ? elements.Count() : 1;
                return MadeWith(module, "eps", "1e-05") is { } eps ? LayerNorm(x, dims, eps, affine, at) : NotVisible(module, "eps", at);
            case "Dropout":
                if (MadeWith(module, "p", "0.5") is not { } p) return NotVisible(module, "p", at);
                return ReadDropout(x, new Argument("p", null, new HostReading(p, SpecialType.System_Double), true, at), new Argument("training", null, new HostReading("training", SpecialType.System_Boolean), true, at), at, isOurs: false);
            case "Softmax" or "LogSoftmax":
                return GivenNumber(module, "dim") is { } along
                    ? ApplyOne(module.Kind == "Softmax" ? "softmax" : "log_softmax", Attributes.None.With("dim", along), [x], at)
                    : Refuse("GSH4005", at, $"The dim of '{module.Label}' must be a constant that the constructor shows; or call functional.softmax with a dim.");
            case "Identity": return new TensorReading(x);
            case var _ when ReadFunctional(module, Weight, inputs, x, at) is { } function: return function;
            default: return failed ? UnknownReading.Instance : ApplyOne(module.Kind.ToLowerInvariant(), Attributes.None, [x], at);
        }
    }

    private Reading ReadLinear(Value x, Value weight, Value? bias, SyntaxNode at)
    {
        if (bias is null) return ApplyOne("linear", Attributes.None, [x, weight], at);
        // Of a sum that is split over ranks the bias is no part: it is added once, to the whole.
        if (weight.Tensor.Sharding.Dims[1].Axes.IsEmpty) return ApplyOne("linear_bias", Attributes.None, [x, weight, bias], at);
        return ApplyOne("linear", Attributes.None, [x, weight], at) is TensorReading sum ? ApplyOne("add", Attributes.None, [sum.Value, bias], at) : UnknownReading.Instance;
    }

    private Reading NotVisible(LibraryModule module, string what, SyntaxNode at) =>
        Refuse("GSH4005", at, $"The {what} of '{module.Label}' is not visible to the sharded module; keep it in a field of the class{(module.Kind == "Dropout" ? " and call Sharding.Dropout(x, field, training)" : ", or make it a constant")}.");

    private static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation conversion) operation = conversion.Operand;
        return operation;
    }

    private static bool Given(LibraryModule module, string name) =>
        module.Arguments is { } arguments && arguments.TryGetValue(name, out var value) && Unwrap(value) is { } given
        && !(given is IDefaultValueOperation || given.ConstantValue is { HasValue: true, Value: null or false });

    private static long? GivenNumber(LibraryModule module, string name) =>
        module.Arguments is { } arguments && arguments.TryGetValue(name, out var value) && Unwrap(value).ConstantValue is { HasValue: true, Value: int or long } constant
            ? Convert.ToInt64(constant.Value, System.Globalization.CultureInfo.InvariantCulture)
            : null;

    /// <summary>The text of a host value that a module was made with: a constant, or the field that holds the same.</summary>
    private string? MadeWith(LibraryModule module, string name, string otherwise)
    {
        if (module.Arguments is not { } arguments || !arguments.TryGetValue(name, out var value)) return module.Arguments is null ? null : otherwise;
        if (Constant(Unwrap(value)) is HostReading constant) return constant.Code;
        if (context.Constructors.FieldOf(Unwrap(value)) is not { } field || context.Fields.Values.OfType<HostValueField>().All(f => f.Name != field)) return null;
        context.UsedHostFields.Add(field);
        return field;
    }

    private Reading ReadCallee(ModuleReading module, IInvocationOperation call)
    {
        var at = call.Syntax;
        var arguments = ReadArguments(call).Where(a => a.Name != "this").ToImmutableArray();
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        if (arguments.FirstOrDefault(a => IsComplex(a.Reading)) is { } complex) return RefuseComplex($"'{module.Name}' takes", complex.Syntax);
        var name = call.TargetMethod.Name == "call" ? "forward" : call.TargetMethod.Name;
        CalleeFace? face;
        if (!SymbolEqualityComparer.Default.Equals(module.Type.ContainingAssembly, context.Type.ContainingAssembly))
        {
            face = CalleeFace.Of(module.Type, name);
            if (face is null)
                return Refuse("GSH4008", at, $"'{module.Type.Name}' of the assembly '{module.Type.ContainingAssembly.Name}' brings no compiled method '{name}'; annotate the method's parameters there, correct its errors, and build it with the generator.");
        }
        else
        {
            var compiled = context.Callee(module.Type.OriginalDefinition);
            if (compiled is null) return Refuse("GSH4006", at, $"'{module.Type.Name}' contains itself; a recursion of modules is not compiled: loop over a ModuleList instead.");
            var method = compiled.Class?.Methods.FirstOrDefault(m => m.Name == name);
            face = CalleeFace.Of(method);
            if (face is null)
            {
                return Refuse("GSH4008", at, method is not null || compiled.Findings.Any(f => f.Finding.Severity == Compiler.Severity.Error)
                    ? $"'{module.Name}.{name}' cannot be compiled, because '{module.Type.Name}' has errors of its own; correct them first."
                    : $"'{module.Type.Name}' has no annotated method '{name}'; annotate its parameters.");
            }
        }

        if (face.AxisMissingFrom(context.Mesh) is { } axis)
            return Refuse("GSH0006", at, $"'{module.Type.Name}' is split over the axis '{axis.Name}', which the mesh of '{context.Type.Name}' ({context.Mesh}) lacks; declare the same [Mesh] on both classes.");
        return Boundary(module, name, face, arguments, at);
    }

    /// <summary>A call of a compiled method: arguments go in as it takes them, results come out as it leaves them.</summary>
    private Reading Boundary(ModuleReading module, string name, CalleeFace callee, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var sizes = new CalleeSizes(module.Name, builder.Solver, fields: calleeSizes);
        var operands = ImmutableArray.CreateBuilder<Value>();
        var attributes = Attributes.Named(module.Name + "." + name).With("results", callee.DifferentiableResults);
        foreach (var (parameter, i) in callee.Arguments.Select((p, i) => (p, i)))
        {
            if (i >= arguments.Length) return Unknown();
            if (parameter.Type is HostType)
            {
                if (arguments[i].Reading is not HostReading host) return Refuse("GSH4010", arguments[i].Syntax, $"'{module.Name}.{name}' takes '{parameter.Name}' as a host value; give it a field, a size or a number.");
                attributes = attributes.WithHost("argument" + i, host.Code);
                if (host.Size is { } size) sizes.Bind(parameter.Name, size);
                continue;
            }

            if (arguments[i].Reading is not TensorReading { Value: var given }) return Refuse("GSH4010", arguments[i].Syntax, $"'{module.Name}.{name}' takes '{parameter.Name}' as a tensor; give it one.");
            var taken = parameter.Tensor;
            if (taken.Element != ElementType.Float) Infer(given, taken.Element);
            if (!sizes.Bind(taken.Dims, given.Tensor.Dims))
            {
                return Refuse("GSH1004", at, $"'{module.Name}.{name}' takes '{parameter.Name}' as [{string.Join(", ", taken.Dims)}], but is given '{given.Name}' of shape "
                    + $"[{string.Join(", ", given.Tensor.Dims.Select(builder.Solver.Resolve))}]; make the shapes agree.");
            }

            var type = new TensorType(given.Tensor.Element, [.. given.Tensor.Dims.Select(builder.Solver.Resolve)], taken.Sharding.Close());
            operands.Add(type.Sharding.Equals(given.Tensor.Sharding) ? given : builder.Add("constraint", Attributes.None, [given], [type], at, hint: given.Name.TrimEnd([.. "0123456789"]))[0]);
        }

        var results = callee.Program.Results.Select(r => (IrType)new TensorType(r.Tensor.Element, [.. r.Tensor.Dims.Select(sizes.Of)], r.Tensor.Sharding.WithoutPartial().Close())).ToImmutableArray();
        var values = builder.AddNamed("call", attributes, operands.ToImmutable(), results, [.. results.Select(_ => (string?)null)], at, default);
        return values.Length == 1 ? new TensorReading(values[0]) : new TupleReading([.. values.Select(v => (Reading)new TensorReading(v))]);
    }

    private readonly Dictionary<string, Dim> calleeSizes = new(StringComparer.Ordinal);
}
