using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls: of TorchSharp, of ours, of submodules, and of the class's own methods, which are read through.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadCall(IInvocationOperation call)
    {
        var method = call.TargetMethod.ReducedFrom ?? call.TargetMethod;
        switch (KnownTypes.NameOf(method.ContainingType))
        {
            case KnownTypes.Tensor: return ReadApiCall(call, 'T');
            case KnownTypes.Torch: return ReadApiCall(call, 't');
            case KnownTypes.Functional: return ReadApiCall(call, 'f');
            case KnownTypes.Special: return ReadApiCall(call, 's');
            case KnownTypes.LinearAlgebra: return ReadApiCall(call, 'l');
            case KnownTypes.Fourier: return ReadApiCall(call, 'F');
            case KnownTypes.Sharding: return ReadSharding(call);
            case KnownTypes.Moe: return ReadMoe(call);
        }

        if (method.ContainingType.Name is "TensorIndex") return ReadTensorIndex(call);
        if (method.ContainingType.Name is "TensorExtensionMethods" && method.Name is "MoveToOuterDisposeScope" or "DetachFromDisposeScope" or "to" or "alias") return ReadApiCall(call, 'T');
        if (call.Instance is { } instance && instance is not IInstanceReferenceOperation && KnownTypes.IsModule(instance.Type))
        {
            return ReadExpression(instance) switch
            {
                ModuleReading { Field: { } field } module when context.Fields.TryGetValue(field, out var known) && known is LibraryModule library => ReadLibrary(library, call),
                ModuleReading module when KnownTypes.IsSharded(module.Type) => ReadCallee(module, call),
                UnknownReading unknown => unknown,
                _ => Refuse("GSH4007", call.Syntax, $"'{method.ContainingType.Name}' is a module that the compiler does not know; mark it with [Sharded], or write its operators in this method."),
            };
        }

        var returnsTensors = ReturnsTensors(method.ReturnType) || call.Arguments.Any(a => ReturnsTensors(a.Value.Type));
        if (method.GetAttributes().FirstOrDefault(a => KnownTypes.IsOurs(a, "ShardRuleAttribute")) is { } rule) return ReadUserFunction(call, method, rule);
        if (method.MethodKind == MethodKind.LocalFunction) return ReadThrough(call, method);
        if (SourceOf(method) is not null && (returnsTensors || call.Instance is IInstanceReferenceOperation)) return ReadThrough(call, method);
        if (call.Instance is null or { Type.SpecialType: not SpecialType.None } && KnownTypes.IsHost(method.ReturnType)) return ReadHostCall(call, method);
        return method.ReturnType.TypeKind == TypeKind.Error
            ? Unknown()
            : Refuse("GSH4003", call.Syntax, $"'{method.ContainingType.Name}.{method.Name}' is not known to the compiler; call torch, the class's own methods and sharded submodules.");
    }

    private static bool ReturnsTensors(ITypeSymbol? type) => KnownTypes.IsTensor(type)
        || type is INamedTypeSymbol { IsTupleType: true } tuple && tuple.TupleElements.Any(e => KnownTypes.IsTensor(e.Type))
        || type is IArrayTypeSymbol array && KnownTypes.IsTensor(array.ElementType);

    private SyntaxNode? SourceOf(IMethodSymbol method) =>
        method.IsAbstract ? null : method.DeclaringSyntaxReferences.Select(r => r.GetSyntax(cancellation)).FirstOrDefault(s => context.Compilation.ContainsSyntaxTree(s.SyntaxTree));

    private Reading ReadThrough(IInvocationOperation call, IMethodSymbol method)
    {
        if (method.IsGenericMethod || method.IsAsync || method.Parameters.Any(p => p.RefKind != RefKind.None))
            return Refuse("GSH4003", call.Syntax, $"'{method.Name}' is generic, async, or has parameters by reference, so that it cannot be read through; write it with plain parameters.");
        var arguments = ReadArguments(call).Where(a => a.Name != "this").ToImmutableArray();
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        return ReadThrough(method, arguments, call.Syntax);
    }

    private Reading ReadThrough(IMethodSymbol method, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (calls.Contains(method, SymbolEqualityComparer.Default))
            return Refuse("GSH4006", at, $"'{method.Name}' calls itself; a recursion is not compiled: loop over a ModuleList instead.");
        if (SourceOf(method) is not { } source) return Unknown();
        var operation = context.OperationOf(source, cancellation);
        var isLocal = operation is ILocalFunctionOperation;
        if (operation is ILocalFunctionOperation { Body: { } local }) operation = local;
        if (operation is not (IMethodBodyOperation or IBlockOperation)) return Unknown();
        var outer = locals;
        // A local function sees the variables around it, and may not change them.
        if (isLocal && AssignedIn(operation).FirstOrDefault(s => locals.ContainsKey(s)) is { } captured)
            return Refuse("GSH4001", at, $"The local function '{method.Name}' changes '{captured.Name}' of the method around it, which is not compiled; return the value and assign it there.");
        locals = isLocal ? new Dictionary<ISymbol, Reading>(outer, SymbolEqualityComparer.Default) : new Dictionary<ISymbol, Reading>(SymbolEqualityComparer.Default);
        callers.Push(outer);
        for (var i = 0; i < arguments.Length && i < method.Parameters.Length; i++)
        {
            Keep(arguments[i].Reading);
            locals[method.Parameters[i]] = arguments[i].Reading;
        }

        Enter(method);
        var returned = ReadBody(operation);
        calls.Pop();
        callers.Pop();
        locals = outer;
        return returned ?? Unknown();
    }

    private Reading ReadHostCall(IInvocationOperation call, IMethodSymbol method)
    {
        var arguments = ReadArguments(call).Where(a => a.IsGiven).ToImmutableArray();
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        if (arguments.Any(a => a.Reading is TensorReading))
            return Refuse("GSH4009", call.Syntax, $"'{method.Name}' makes the program depend on a tensor's values, which may differ from rank to rank; keep the computation in tensors, for instance by torch.where.");
        if (arguments.FirstOrDefault(a => a.Reading is not HostReading) is { } other)
            return Refuse("GSH4003", other.Syntax, $"'{method.Name}' is called on the host and takes host values: fields, sizes and numbers.");
        if (!Visible(method)) return Refuse("GSH0017", call.Syntax, $"'{method.Name}' is not visible to the sharded module; make it internal or public.");
        var owner = call.Instance is not null ? "" : IsOwn(method.ContainingType) ? "" : Write(method.ContainingType) + ".";
        var parts = arguments.Select(a => ((HostReading)a.Reading).Code).ToList();
        var code = call.Instance is null
            ? $"{owner}{method.Name}({string.Join(", ", parts)})"
            : $"{((HostReading)arguments[0].Reading).In(Binding.Primary)}.{method.Name}({string.Join(", ", parts.Skip(1))})";
        return new HostReading(code, method.ReturnType.TypeKind == TypeKind.Enum ? SpecialType.System_Enum : method.ReturnType.SpecialType);
    }

    private Reading ReadTensorIndex(IInvocationOperation call)
    {
        var arguments = ReadArguments(call);
        HostReading? Named(string name) => arguments.FirstOrDefault(a => a.Name == name)?.Reading as HostReading;
        switch (call.TargetMethod.Name)
        {
            case "Single": return new IndexReading(IndexKind.Single, Named("index"));
            case "Tensor": return arguments[0].Reading;
            case "Slice" when Named("step") is null or { Size.Value: >= 1 }: return new IndexReading(IndexKind.Slice, Named("start"), Named("stop"), Named("step")?.Size?.Value ?? 1);
            default: return Refuse("GSH4005", call.Syntax, "Only indices, tensors of indices, and slices with a constant step of at least 1 are compiled; write others with index_select.");
        }
    }

    private Reading ReadSharding(IInvocationOperation call)
    {
        if (call.TargetMethod.Name == "Local") return ReadLocal(call);
        var arguments = ReadArguments(call);
        if (arguments.Any(a => IsComplex(a.Reading))) return RefuseComplex($"'Sharding.{call.TargetMethod.Name}' takes", call.Syntax);
        if (arguments.IsEmpty || arguments.Any(a => a.Reading is UnknownReading) || arguments[0].Reading is not TensorReading { Value: var x }) return Unknown();
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        var rank = x.Tensor.Rank;
        switch (call.TargetMethod.Name)
        {
            case "Dropout": return ReadDropout(x, Named("p"), Named("training"), call.Syntax, isOurs: true);
            case "Barrier": return new TensorReading(builder.Add("barrier", Attributes.None, [x], [builder.Resolve(new TensorType(x.Tensor.Element, x.Tensor.Dims))], call.Syntax)[0]);
            case "Replicate": return Constrain(x, TensorSharding.FullyReplicated(rank), call.Syntax, "Sharding.Replicate");
            case "Split":
                if (Named("dim")?.Reading is not HostReading { Size.Value: { } dim }) return RefuseArgument(Named("dim") ?? arguments[0], "Split", "must be a constant");
                var axis = call.Arguments.FirstOrDefault(a => a.Parameter?.Name == "axis")?.Value;
                if (axis is { ConstantValue.HasValue: false }) return RefuseArgument(Named("axis")!, "Split", "must be a constant");
                var count = (Named("n")?.Reading as HostReading)?.Size?.Value;
                if (Named("n") is { } n && count is null) return RefuseArgument(n, "Split", "must be a constant");
                var before = findings.All.Length;
                var sharding = shardings.Split(TensorSharding.Open(rank), (int)dim, axis?.ConstantValue.Value as string, (int)(count ?? 0), 0, x.Name,
                    m => Refuse(m.Id, call.Syntax, m.Message));
                return findings.All.Length > before ? UnknownReading.Instance : Constrain(x, sharding, call.Syntax, "Sharding.Split");
            case "Shard":
                if (Sizes(Named("tile")!.Reading, call.Syntax) is not { } tile || Sizes(Named("devices")!.Reading, call.Syntax) is not { } devices
                    || tile.Concat(devices).Any(d => d.Value is null)) return RefuseArgument(arguments[1], "Shard", "must be a constant");
                if (tile.Length != rank && tile.Length != rank + 1 || TileAxes.Find(context.Mesh, [.. tile.Select(d => (int)d.Value!)], [.. devices.Select(d => (int)d.Value!)], rank) is not { } tiled)
                    return Refuse("GSH0015", call.Syntax, $"The tile [{string.Join(", ", tile)}] of '{x.Name}', which has {rank} dims, is no split over the axes of the mesh ({context.Mesh}); "
                        + "give a number for each dim, declare axes whose sizes make these numbers, and list each of their ranks once.");
                return Constrain(x, tiled.Sharding(rank), call.Syntax, "Sharding.Shard");
            default: return Refuse("GSH4003", call.Syntax, $"'Sharding.{call.TargetMethod.Name}' is not known to the compiler.");
        }
    }

    private TensorReading Constrain(Value value, TensorSharding sharding, SyntaxNode at, string by) =>
        new(builder.Add("constraint", Attributes.None.With("by", new TextAttribute(by)), [value], [builder.Resolve(value.Tensor with { Sharding = sharding })], at)[0]);

    private Reading ReadMoe(IInvocationOperation call)
    {
        if (call.TargetMethod.Name != "Top2Gating") return ReadHostCall(call, call.TargetMethod);
        var arguments = ReadArguments(call);
        if (arguments.Any(a => a.Reading is UnknownReading)) return Unknown();
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        if (Named("gates")?.Reading is not TensorReading { Value: var gates } || Named("capacity") is not { } given) return Unknown();
        if (SizeOf(given.Reading, given.Syntax, "capacity") is not { } capacity) return Unknown();
        var key = builder.Add("next_key", Attributes.None, [], [HostType.Key], call.Syntax)[0];
        var attributes = Attributes.None.With("capacity", capacity);
        foreach (var (name, attribute) in new[] { ("training", "training"), ("slots", "slots"), ("auxScale", "aux_scale") })
            if (Named(name)?.Reading is HostReading host) attributes = attributes.WithHost(attribute, host.Code);
        return Apply("top2_gating", attributes, [gates, key], call.Syntax) is { } results
            ? new TupleReading([.. results.Take(3).Select(r => (Reading)new TensorReading(r))])
            : UnknownReading.Instance;
    }
}
