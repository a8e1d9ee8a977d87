using GShard.Compiler.Dims;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading;

/// <summary>
/// What constructors and field initialisers tell about fields: the expression a field is made from, and sizes in it. A size that is a host
/// field, or the expression that a host field is assigned from, is that field; any other is an inferred size, the same for the same text.
/// </summary>
internal sealed class ConstructorReader
{
    private readonly Compilation compilation;
    private readonly Dictionary<string, List<ExpressionSyntax>> assigned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> hostFields = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> otherFields = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> inferred = new(StringComparer.Ordinal);

    public ConstructorReader(Compilation compilation, INamedTypeSymbol type)
    {
        this.compilation = compilation;
        foreach (var member in type.GetMembers())
        {
            foreach (var reference in member.DeclaringSyntaxReferences)
            {
                switch (reference.GetSyntax())
                {
                    case VariableDeclaratorSyntax { Initializer.Value: { } value }: Add(member.Name, value); break;
                    case PropertyDeclarationSyntax { Initializer.Value: { } value }: Add(member.Name, value); break;
                    case ConstructorDeclarationSyntax constructor:
                        foreach (var assignment in constructor.DescendantNodes().OfType<AssignmentExpressionSyntax>())
                            if (NameOf(assignment.Left) is { } name) Add(name, assignment.Right);
                        break;
                }
            }
        }

        foreach (var field in type.GetMembers().Where(m => KnownTypes.IsHost(TypeOf(m)) && !m.IsStatic))
            if (assigned.TryGetValue(field.Name, out var values))
                foreach (var value in values) (KnownTypes.IsInteger(TypeOf(field)) ? hostFields : otherFields)[Text(value)] = field.Name;
    }

    /// <summary>The host field that an expression reads or that is assigned from it; null where there is none.</summary>
    public string? FieldOf(IOperation expression)
    {
        if (expression is IMemberReferenceOperation { Instance: IInstanceReferenceOperation } member) return member.Member.Name;
        var text = Text(expression.Syntax);
        return hostFields.TryGetValue(text, out var field) || otherFields.TryGetValue(text, out field) ? field : null;
    }

    /// <summary>The expression that a field is made from; null where none is visible.</summary>
    public IOperation? InitialiserOf(string field) => assigned.TryGetValue(field, out var values) ? OperationOf(values[0]) : null;

    /// <summary>The dims of a tensor made by <c>Parameter(torch.empty(E, M, H))</c> and its like; null where they are not visible.</summary>
    public IReadOnlyList<Dim>? DimsOf(IOperation? made)
    {
        made = Unwrap(made);
        if (made is IObjectCreationOperation { Arguments.Length: > 0 } created && KnownTypes.IsParameter(created.Type)) return DimsOf(created.Arguments[0].Value);
        if (made is not IInvocationOperation call) return null;
        if (call.Instance is not null && KnownTypes.IsTensor(call.Instance.Type) && KeepsShape(call.TargetMethod.Name)) return DimsOf(call.Instance);
        var container = KnownTypes.NameOf(call.TargetMethod.ContainingType);
        if (container == KnownTypes.Initialize && call.Arguments.Length > 0)
            return KnownTypes.IsParameter(call.Arguments[0].Value.Type) ? DimsOf(call.Arguments[0].Value) : Unwrap(call.Arguments[0].Value) is { } given && Elements(given) is { } shape ? [.. shape.Select(SizeOf)] : null;
        if (container == KnownTypes.Nn && call.TargetMethod.Name == "Parameter" && call.Arguments.Length > 0) return DimsOf(call.Arguments[0].Value);
        if (container != KnownTypes.Torch || call.TargetMethod.Name is not ("empty" or "zeros" or "ones" or "randn" or "rand" or "full")) return null;
        var dims = new List<Dim>();
        foreach (var argument in call.Arguments.Where(a => !a.IsImplicit))
        {
            if (argument.Parameter is { } parameter && KnownTypes.IsInteger(parameter.Type)) dims.Add(SizeOf(argument.Value));
            else if (Unwrap(argument.Value) is { } list && Elements(list) is { } elements) dims.AddRange(elements.Select(SizeOf));
        }

        return dims.Count > 0 ? dims : null;
    }

    /// <summary>A size in a constructor.</summary>
    public Dim SizeOf(IOperation expression)
    {
        expression = Unwrap(expression)!;
        if (expression.ConstantValue is { HasValue: true, Value: { } value } && value is int or long) return Convert.ToInt64(expression.ConstantValue.Value, System.Globalization.CultureInfo.InvariantCulture);
        if (expression is IBinaryOperation { OperatorKind: BinaryOperatorKind.Add or BinaryOperatorKind.Subtract or BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide } binary)
        {
            Dim left = SizeOf(binary.LeftOperand), right = SizeOf(binary.RightOperand);
            return binary.OperatorKind switch
            {
                BinaryOperatorKind.Add => left + right,
                BinaryOperatorKind.Subtract => left - right,
                BinaryOperatorKind.Multiply => left * right,
                _ when !right.Equals(Dim.Zero) => left / right,
                _ => Inferred("size", Text(binary.Syntax)),
            };
        }

        var text = Text(expression.Syntax);
        if (expression is IFieldReferenceOperation { Instance: IInstanceReferenceOperation } or IPropertyReferenceOperation { Instance: IInstanceReferenceOperation }
            && KnownTypes.IsInteger(expression.Type))
            return Dim.Symbol(((IMemberReferenceOperation)expression).Member.Name);
        return hostFields.TryGetValue(text, out var field) ? Dim.Symbol(field) : Inferred(text.Split('.', '(', ')', '[', ']').LastOrDefault(p => p.Length > 0) ?? "size", text);
    }

    /// <summary>The elements of an array or collection expression; null where it is none.</summary>
    public static IEnumerable<IOperation>? Elements(IOperation list) => list switch
    {
        IArrayCreationOperation array => array.Initializer?.ElementValues,
        ICollectionExpressionOperation collection => collection.Elements,
        _ => null,
    };

    /// <summary>An inferred size of that text; equal texts give the same size.</summary>
    private Dim Inferred(string hint, string text)
    {
        if (inferred.TryGetValue(text, out var name)) return Dim.Symbol(name);
        var word = new string([.. hint.Where(c => char.IsLetterOrDigit(c) || c == '_')]);
        word = "_" + (word.Length == 0 ? "size" : char.ToLowerInvariant(word[0]) + word.Substring(1));
        for (var number = 2; inferred.ContainsValue(word); number++) word = word.Split('#')[0] + "#" + number;
        return Dim.Symbol(inferred[text] = word);
    }

    private static bool KeepsShape(string method) => method is "mul" or "mul_" or "add_" or "normal_" or "uniform_" or "fill_" or "to" or "to_type" or "requires_grad_" or "div" or "div_";

    private static IOperation? Unwrap(IOperation? operation)
    {
        while (operation is IConversionOperation conversion) operation = conversion.Operand;
        if (operation is IBinaryOperation { OperatorMethod: not null } binary)
            return KnownTypes.IsTensor(binary.LeftOperand.Type) ? Unwrap(binary.LeftOperand) : Unwrap(binary.RightOperand);
        return operation;
    }

    private IOperation? OperationOf(ExpressionSyntax expression) =>
        compilation.ContainsSyntaxTree(expression.SyntaxTree) ? Unwrap(compilation.GetSemanticModel(expression.SyntaxTree).GetOperation(expression)) : null;

    private void Add(string name, ExpressionSyntax value)
    {
        if (!assigned.TryGetValue(name, out var values)) assigned[name] = values = [];
        values.Add(value);
    }

    private static string Text(SyntaxNode node) => string.Concat(node.DescendantTokens().Select(t => t.Text));

    private static string? NameOf(ExpressionSyntax left) => left switch
    {
        IdentifierNameSyntax name => name.Identifier.ValueText,
        MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } member => member.Name.Identifier.ValueText,
        _ => null,
    };

    private static ITypeSymbol? TypeOf(ISymbol member) => (member as IFieldSymbol)?.Type ?? (member as IPropertySymbol)?.Type;
}
