using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Loops over lists of sharded submodules. What a turn hands to the next are the variables from outside that the body assigns.</summary>
internal sealed partial class MethodReader
{
    private void ReadForEach(IForEachLoopOperation loop)
    {
        var collection = ReadExpression(loop.Collection);
        if (loop.LoopControlVariable is not IVariableDeclaratorOperation { Symbol: var item })
        {
            Refuse("GSH4001", loop.Syntax, "The loop must declare one variable for the item, as in foreach (var layer in layers).");
            return;
        }

        switch (collection)
        {
            case ModuleListReading list: ReadForEach(loop, loop.Body, list, item.Name, module => locals[item] = module); break;
            case ListReading list:
                foreach (var element in list.Items)
                {
                    locals[item] = element;
                    ReadStatement(loop.Body);
                }

                break;
            case UnknownReading: break;
            default: Refuse("GSH4001", loop.Collection.Syntax, "A loop runs over a ModuleList of a sharded type, or over an array of known length."); break;
        }
    }

    /// <summary>Reads <c>for (var i = 0; i &lt; layers.Count; i++)</c>, in which i stands for the item; false where the loop is another.</summary>
    private bool ReadForEach(IForLoopOperation loop)
    {
        static IOperation Plain(IOperation operation) => operation is IConversionOperation { Operand: var inner } ? inner : operation;
        if (loop.Before is not [IVariableDeclarationGroupOperation { Declarations: [{ Declarators: [var declared] }] }] || loop.AtLoopBottom is not [IExpressionStatementOperation step]) return false;
        if (loop.Condition is not IBinaryOperation { OperatorKind: BinaryOperatorKind.LessThan or BinaryOperatorKind.NotEquals } condition) return false;
        if (Plain(condition.LeftOperand) is not ILocalReferenceOperation { Local: var index } || !SymbolEqualityComparer.Default.Equals(index, declared.Symbol)) return false;
        if (Plain(condition.RightOperand) is not IPropertyReferenceOperation { Property.Name: "Count", Instance: { } instance } || !KnownTypes.Is(instance.Type, KnownTypes.ModuleList)) return false;
        if (declared.GetVariableInitializer()?.Value.ConstantValue is not { HasValue: true, Value: 0 }) return false;
        if (step.Operation is not IIncrementOrDecrementOperation { Kind: OperationKind.Increment, Target: ILocalReferenceOperation stepped } || !SymbolEqualityComparer.Default.Equals(stepped.Local, index)) return false;
        if (ReadExpression(instance) is not ModuleListReading list) return false;
        var plural = list.Name.EndsWith("s", StringComparison.Ordinal) && list.Name.Length > 1;
        ReadForEach(loop, loop.Body, list, plural ? list.Name.Substring(0, list.Name.Length - 1) : list.Name + "Item", module => locals[index] = new ModuleIndexReading(list, module));
        return true;
    }

    private void ReadForEach(ILoopOperation loop, IOperation body, ModuleListReading list, string item, Action<ModuleReading> bind)
    {
        var carried = new List<(ISymbol Local, Value Initial)>();
        foreach (var local in AssignedIn(body))
        {
            switch (locals.TryGetValue(local, out var reading) ? reading : null)
            {
                case null: break;
                case TensorReading tensor: carried.Add((local, tensor.Value)); break;
                case UnknownReading: Unknown(); break;
                default:
                    Refuse("GSH4001", loop.Syntax, reading is ComplexReading
                        ? $"The loop changes '{local.Name}', a complex tensor; hand torch.view_as_real of it from turn to turn."
                        : $"The loop changes '{local.Name}', which is no tensor; only tensors are handed from turn to turn.");
                    return;
            }
        }

        var outside = new Dictionary<ISymbol, Reading>(locals, SymbolEqualityComparer.Default);
        var arguments = carried.Select(c => builder.Declare(c.Local.Name, new TensorType(c.Initial.Tensor.Element, c.Initial.Tensor.Dims))).ToImmutableArray();
        for (var i = 0; i < carried.Count; i++) locals[carried[i].Local] = new TensorReading(arguments[i]);
        bind(new ModuleReading(item, list.ItemType, null));
        builder.Open();
        ReadStatement(body);
        var yields = carried.Select(c => locals[c.Local]).ToList();
        var operations = builder.Leave();
        locals = outside;
        if (yields.Any(y => y is not TensorReading))
        {
            Unknown();
            foreach (var (local, _) in carried) locals[local] = UnknownReading.Instance;
            return;
        }

        var values = yields.Select(y => ((TensorReading)y).Value).ToImmutableArray();
        for (var i = 0; i < carried.Count; i++)
        {
            TensorType before = carried[i].Initial.Tensor, after = values[i].Tensor;
            if (before.Element == after.Element && before.Rank == after.Rank && before.Dims.Zip(after.Dims, (a, b) => (a, b)).All(p => builder.Solver.Unify(p.a, p.b))) continue;
            string Print(TensorType type) => $"{type.Element.Text()}[{string.Join(", ", type.Dims.Select(builder.Solver.Resolve))}]";
            Refuse("GSH1006", loop.Syntax, $"A turn of the loop takes '{carried[i].Local.Name}' as {Print(before)} and leaves it as {Print(after)}; a turn must leave the type and shape as they were.");
        }

        var types = carried.Select(c => builder.Resolve(new TensorType(c.Initial.Tensor.Element, c.Initial.Tensor.Dims))).ToImmutableArray();
        var attributes = Attributes.Named(list.Name).With("item", new NameAttribute(item));
        var results = builder.AddNamed(
            "foreach", attributes, [.. carried.Select(c => c.Initial)], types, [.. carried.Select(c => (string?)c.Local.Name)], loop.Syntax, [new Block(arguments, operations, values)]);
        for (var i = 0; i < carried.Count; i++) locals[carried[i].Local] = new TensorReading(results[i]);
    }

    /// <summary>Variables that a body assigns, in order.</summary>
    private static IEnumerable<ISymbol> AssignedIn(IOperation body)
    {
        var targets = body.DescendantsAndSelf().SelectMany(o => o switch
        {
            IAssignmentOperation assignment => Targets(assignment.Target),
            IIncrementOrDecrementOperation step => Targets(step.Target),
            _ => [],
        });
        return targets.Distinct<ISymbol>(SymbolEqualityComparer.Default);
    }

    private static IEnumerable<ISymbol> Targets(IOperation target) => target switch
    {
        ILocalReferenceOperation local => [local.Local],
        IParameterReferenceOperation parameter => [parameter.Parameter],
        ITupleOperation tuple => tuple.Elements.SelectMany(Targets),
        IDeclarationExpressionOperation => [],
        IConversionOperation conversion => Targets(conversion.Operand),
        _ => [],
    };
}
