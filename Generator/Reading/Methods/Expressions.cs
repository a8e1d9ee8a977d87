using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Expressions.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadExpression(IOperation expression)
    {
        cancellation.ThrowIfCancellationRequested();
        switch (expression)
        {
            case ILocalReferenceOperation { Local: { IsConst: true } constant }: return Constant(expression) ?? Local(constant);
            case ILocalReferenceOperation local: return Local(local.Local);
            case IParameterReferenceOperation parameter: return Local(parameter.Parameter);
            case IFieldReferenceOperation field: return ReadMember(field, field.Instance);
            case IPropertyReferenceOperation property: return ReadProperty(property);
            case IInvocationOperation call: return ReadCall(call);
            case IConversionOperation conversion: return ReadConversion(conversion);
            case ILiteralOperation or IDefaultValueOperation or INameOfOperation: return Constant(expression) ?? Unknown();
            case IBinaryOperation binary: return ReadBinary(binary, binary.OperatorKind, ReadExpression(binary.LeftOperand), binary.RightOperand, binary.OperatorMethod);
            case IUnaryOperation unary: return ReadUnary(unary);
            case IParenthesizedOperation parenthesized: return ReadExpression(parenthesized.Operand);
            case ITupleOperation tuple: return new TupleReading([.. tuple.Elements.Select(ReadExpression)]);
            case IArrayCreationOperation { Initializer: { } initializer }: return new ListReading([.. initializer.ElementValues.Select(ReadExpression)]);
            case IArrayCreationOperation { Initializer: null, DimensionSizes.Length: 1 } array when array.DimensionSizes[0].ConstantValue is { HasValue: true, Value: 0 }: return new ListReading([]);
            case ICollectionExpressionOperation collection when !collection.Elements.Any(e => e is ISpreadOperation): return new ListReading([.. collection.Elements.Select(ReadExpression)]);
            case IArrayElementReferenceOperation element: return ReadElement(element);
            case IImplicitIndexerReferenceOperation indexer:
                return ReadExpression(indexer.Instance) is ModuleListReading modules ? ReadItem(modules, indexer.Argument, indexer.Syntax) : ReadElement(indexer.Instance, indexer.Argument, indexer.Syntax);
            case ISimpleAssignmentOperation assignment: return Assign(assignment.Target, ReadExpression(assignment.Value));
            case ICompoundAssignmentOperation compound:
                return Assign(compound.Target, ReadBinary(compound, compound.OperatorKind, ReadExpression(compound.Target), compound.Value, compound.OperatorMethod));
            case IDeconstructionAssignmentOperation deconstruction: return Assign(deconstruction.Target, ReadExpression(deconstruction.Value));
            case IDeclarationExpressionOperation declaration: return ReadExpression(declaration.Expression);
            case IConditionalOperation { WhenFalse: not null } branch: return ReadConditional(branch);
            case ISwitchExpressionOperation choice: return ReadSwitch(choice);
            case IIsPatternOperation test: return ReadIs(test);
            case IInstanceReferenceOperation: return new ModuleReading("this", context.Type, null);
            case IObjectCreationOperation { Arguments.Length: 1 } created when created.Type?.Name == "Scalar": return ReadExpression(created.Arguments[0].Value);
            case IInvalidOperation: return Unknown();
        }

        if (expression.Type?.TypeKind == TypeKind.Error) return Unknown();
        return Constant(expression) ?? Refuse("GSH4002", expression.Syntax, "This expression is not compiled; write calls of torch, operators, tuples, and arithmetic on host values.");
    }

    private Reading Local(ISymbol symbol) => locals.TryGetValue(symbol, out var reading) ? reading : Unknown();

    private Reading Assign(IOperation target, Reading value)
    {
        switch (target)
        {
            case IDiscardOperation: return value;
            case IDeclarationExpressionOperation declaration: return Assign(declaration.Expression, value);
            case ILocalReferenceOperation local: return Assign(local.Local, value);
            case IParameterReferenceOperation parameter: return Assign(parameter.Parameter, value);
            case ITupleOperation tuple when value is UnknownReading:
                foreach (var element in tuple.Elements) Assign(element, value);
                return value;
            case ITupleOperation tuple when value is TupleReading values && values.Items.Length == tuple.Elements.Length:
                return new TupleReading([.. tuple.Elements.Select((element, i) => Assign(element, values.Items[i]))]);
            case IInvalidOperation: return Unknown();
            case IPropertyReferenceOperation { Property.IsIndexer: true, Instance: { } indexed } elements when KnownTypes.IsTensor(indexed.Type): return AssignAt(elements, value);
            case IFieldReferenceOperation or IPropertyReferenceOperation:
                return Refuse("GSH4001", target.Syntax, "An annotated method may not change fields or elements, because ranks would come to differ; keep values in locals and return them.");
            default: return Refuse("GSH4001", target.Syntax, "This cannot be assigned to; assign to a local variable.");
        }
    }

    private Reading Assign(ISymbol symbol, Reading value)
    {
        if (value is ComplexReading z)
            value = new ComplexReading(new TensorReading(builder.Name(Re(z), symbol.Name + "Real")), new TensorReading(builder.Name(Im(z), symbol.Name + "Imag")));
        else if (value is TensorReading tensor) value = new TensorReading(builder.Name(tensor.Value, symbol.Name));
        else Keep(value);
        return locals[symbol] = value;
    }

    private void Keep(Reading reading)
    {
        switch (reading)
        {
            case TensorReading tensor: builder.Keep(tensor.Value); break;
            case ComplexReading z: Keep(z.Real); Keep(z.Imaginary); break;
            case TupleReading tuple: foreach (var item in tuple.Items) Keep(item); break;
            case ListReading list: foreach (var item in list.Items) Keep(item); break;
        }
    }

    private Reading ReadConditional(IConditionalOperation branch)
    {
        var condition = ReadCondition(branch.Condition);
        return condition is null
            ? Unknown()
            : ReadBranches(condition, () => ReadExpression(branch.WhenTrue), () => ReadExpression(branch.WhenFalse!), branch.Syntax) ?? Unknown();
    }

    private Reading ReadElement(IArrayElementReferenceOperation element) =>
        element.Indices.Length == 1 ? ReadElement(element.ArrayReference, element.Indices[0], element.Syntax) : Refuse("GSH4002", element.Syntax, "An array of several dims is not compiled; keep its values in tensors, or in arrays of one dim.");

    private Reading ReadElement(IOperation array, IOperation index, SyntaxNode at)
    {
        var fromEnd = index is IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat };
        if (index is IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat } hat) index = hat.Operand;
        var items = ReadExpression(array);
        var position = ReadExpression(index);
        if (items is UnknownReading || position is UnknownReading) return UnknownReading.Instance;
        if (items is not ListReading list || position is not HostReading { Size.Value: { } number })
            return Refuse("GSH4002", at, "An element is read from a tensor's shape, or from an array of known length, by a constant index.");
        var i = fromEnd ? list.Items.Length - number : number;
        return i >= 0 && i < list.Items.Length
            ? list.Items[(int)i]
            : Refuse("GSH1001", at, $"The index {(fromEnd ? "^" : "")}{number} is out of range: there are {list.Items.Length} elements.");
    }

    private Reading ReadProperty(IPropertyReferenceOperation property)
    {
        if (property.Property.IsIndexer) return ReadIndexer(property);
        if (property.Instance is null && property.Property.IsStatic) return ReadMember(property, null);
        if (property.Instance is { } owner && !(owner is IInstanceReferenceOperation))
        {
            switch (ReadExpression(owner))
            {
                case UnknownReading unknown: return unknown;
                case TensorReading tensor: return ReadTensorProperty(tensor.Value, property);
                case ComplexReading complex: return ReadComplexProperty(complex, property);
                case ListReading list when property.Property.Name is "Length" or "Count": return HostReading.Of(list.Items.Length);
                case ModuleListReading list when property.Property.Name == "Count": return new HostReading(list.Name + ".Count", SpecialType.System_Int32);
                case ModuleReading { Field: { } field } when context.Fields.TryGetValue(field, out var known) && known is LibraryModule library && library.Weights.TryGetValue(property.Property.Name, out var weight):
                    return ReadWeight(weight, property.Syntax);
                // Of a System.Tuple, as attention gives it.
                case TupleReading { Items: [var first, var second] } when property.Property is { ContainingType.Name: "Tuple", Name: "Item1" or "Item2" }: return property.Property.Name == "Item1" ? first : second;
                case var reading: return Refuse("GSH4003", property.Syntax, $"'{property.Property.Name}' of {Describe(reading)} is not known to the compiler; keep host values in fields of the class.");
            }
        }

        return ReadMember(property, property.Instance);
    }

    private Reading ReadTensorProperty(Value tensor, IPropertyReferenceOperation property)
    {
        var type = tensor.Tensor;
        switch (property.Property.Name)
        {
            case "real" or "imag" when Parts(new TensorReading(tensor), property.Syntax) is { Im: { } imaginary } parts: return new TensorReading(property.Property.Name == "real" ? parts.Re : imaginary);
            case "real": return new TensorReading(tensor);
            case "shape": return Shape(tensor);
            case "dtype": return new ElementReading(type.Element);
            case "device" or "device_type": return DeviceReading.Instance;
            case "ndim" or "Dimensions": return HostReading.Of(type.Rank);
            case "T" when type.Rank == 2: return ApplyOne("transpose", Attributes.None.With("dim0", 0).With("dim1", 1), [tensor], property.Syntax);
            case "mT" when type.Rank >= 2: return ApplyOne("transpose", Attributes.None.With("dim0", -2).With("dim1", -1), [tensor], property.Syntax);
            default: return Refuse("GSH4003", property.Syntax, $"'Tensor.{property.Property.Name}' is not known to the compiler; an annotated method uses operators and sizes of tensors.");
        }
    }

    private ListReading Shape(Value tensor) => new([.. tensor.Tensor.Dims.Select(d => HostReading.Of(builder.Solver.Resolve(d)))]);

    /// <summary>A field or property of the class, or a static one.</summary>
    private Reading ReadMember(IMemberReferenceOperation reference, IOperation? instance)
    {
        var member = reference.Member;
        if (instance is not null and not IInstanceReferenceOperation)
        {
            switch (ReadExpression(instance))
            {
                case UnknownReading unknown: return unknown;
                case TupleReading tuple when member is IFieldSymbol field && TupleIndex(field) is var index && index >= 0 && index < tuple.Items.Length: return tuple.Items[index];
                case var reading: return Refuse("GSH4003", reference.Syntax, $"'{member.Name}' of {Describe(reading)} is not known to the compiler; keep host values in fields of the class.");
            }
        }

        if (instance is null) return ReadStatic(reference);
        if (context.Fields.TryGetValue(member, out var known))
        {
            switch (known)
            {
                case WeightDeclaration weight: return ReadWeight(weight, reference.Syntax);
                case LibraryModule module: return new ModuleReading(module.Name, (INamedTypeSymbol)reference.Type!, member);
                case ShardedModule { IsList: true } list: return new ModuleListReading(list.Name, list.Type, member);
                case ShardedModule module: return new ModuleReading(module.Name, module.Type, member);
                case HostValueField host:
                    context.UsedHostFields.Add(host.Name);
                    var isHidden = calls.Last().Parameters.Any(p => p.Name == host.Name);
                    return HostMember(isHidden ? "this." + host.Name : host.Name, host.Type, host.Name);
                case UnknownModule module: return Refuse("GSH4007", reference.Syntax, WhyUnknown(module));
            }
        }

        if (member.Name == "training" && KnownTypes.Is(member.ContainingType, KnownTypes.Module)) return new HostReading("training", SpecialType.System_Boolean);
        if (reference is IPropertyReferenceOperation { Property: { GetMethod: { } getter } } && SourceOf(getter) is not null) return ReadThrough(getter, [], reference.Syntax);
        return reference.Type?.TypeKind == TypeKind.Error
            ? Unknown()
            : Refuse("GSH4003", reference.Syntax, $"'{member.Name}' is of type '{reference.Type?.ToDisplayString()}', which the compiler does not carry to the ranks; keep host values in fields of type int, long, double, float, bool, string or an enum.");
    }

    private static string WhyUnknown(UnknownModule module)
    {
        var type = module.Type.ToDisplayString();
        if (KnownTypes.NameOf(module.Type) == "TorchSharp.Modules.Sequential")
            return $"The modules of the Sequential '{module.Name}' are not all visible and known; make it in the class from known modules, as in Sequential(Linear(4, 8), ReLU()), or call them one after the other.";
        if (KnownTypes.Is(module.Type, KnownTypes.ModuleList))
            return $"'{module.Name}' is a list of modules that are not marked [Sharded]; mark their class, or keep them in fields of their own.";
        return module.Type.ContainingNamespace?.ToDisplayString() == "TorchSharp.Modules"
            ? $"'{module.Name}' is of type '{type}', which the compiler does not know; keep its weights in fields of type Parameter and write its operators in this method."
            : $"'{module.Name}' is of type '{type}', which the compiler does not know; mark the type with [Sharded], or write its operators in this method.";
    }

    private static int TupleIndex(IFieldSymbol field) =>
        field.ContainingType.IsTupleType ? field.ContainingType.TupleElements.IndexOf(field.ContainingType.TupleElements.FirstOrDefault(
            e => e.Name == field.Name || SymbolEqualityComparer.Default.Equals(e.CorrespondingTupleField, field.CorrespondingTupleField))!) : -1;

    private static string Describe(Reading reading) => reading switch
    {
        ModuleReading module => $"the module '{module.Name}'",
        ModuleListReading list => $"the list '{list.Name}'",
        ModuleIndexReading index => $"the index of the loop over '{index.List.Name}'",
        HostReading => "a host value",
        TupleReading => "a tuple",
        _ => "this value",
    };
}
