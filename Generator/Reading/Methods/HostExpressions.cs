using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Expressions over host values: their text, and their sizes where they are whole numbers.</summary>
internal sealed partial class MethodReader
{
    /// <summary>The value of a constant; null for what is none.</summary>
    private static Reading? Constant(IOperation expression)
    {
        if (!expression.ConstantValue.HasValue) return expression is IDefaultValueOperation ? NullReading.Instance : null;
        var value = expression.ConstantValue.Value;
        if (expression.Type is { TypeKind: TypeKind.Enum } enumeration) return EnumConstant(enumeration, value);
        switch (value)
        {
            case null: return NullReading.Instance;
            case bool truth: return HostReading.Of(truth);
            case int or long or short or byte or uint:
                var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
                return HostReading.Of(number) with { Type = value is long ? SpecialType.System_Int64 : SpecialType.System_Int32 };
            case double or float:
                var text = expression.Syntax is Microsoft.CodeAnalysis.CSharp.Syntax.LiteralExpressionSyntax literal
                    ? literal.Token.Text
                    : Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
                if (text is "NaN" or "Infinity" or "-Infinity") text = text switch { "NaN" => "double.NaN", "Infinity" => "double.PositiveInfinity", _ => "double.NegativeInfinity" };
                return new HostReading(text, text.IndexOfAny(['.', 'e', 'E', 'd', 'D', 'f', 'F']) < 0 ? SpecialType.System_Int32 : value is float ? SpecialType.System_Single : SpecialType.System_Double,
                    Strength: text[0] == '-' ? Binding.Unary : Binding.Primary);
            case string quoted: return new HostReading(Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(quoted, true), SpecialType.System_String);
            default: return null;
        }
    }

    private static Reading EnumConstant(ITypeSymbol enumeration, object? value)
    {
        foreach (var member in enumeration.GetMembers().OfType<IFieldSymbol>())
            if (member.HasConstantValue && Equals(member.ConstantValue, value)) return EnumMember(member);
        return new HostReading($"({Write(enumeration)}){Convert.ToInt64(value, CultureInfo.InvariantCulture)}", SpecialType.System_Enum, Strength: Binding.Unary);
    }

    private static Reading EnumMember(IFieldSymbol member)
    {
        if (member.ContainingType.Name == "ScalarType" && ElementOf(member.Name) is { } element) return new ElementReading(element);
        return new HostReading(Write(member.ContainingType) + "." + member.Name, SpecialType.System_Enum, Symbol: member);
    }

    private static ElementType? ElementOf(string name) => name switch
    {
        "Float32" or "float32" or "float" or "@float" => ElementType.Float32,
        "Float64" or "float64" or "double" => ElementType.Float64,
        "BFloat16" or "bfloat16" => ElementType.BFloat16,
        "Float16" or "float16" or "half" => ElementType.Float16,
        "Int64" or "int64" or "long" => ElementType.Int64,
        "Int32" or "int32" or "int" => ElementType.Int32,
        "Int16" or "int16" or "short" => ElementType.Int16,
        "Int8" or "int8" or "sbyte" => ElementType.Int8,
        "Byte" or "uint8" or "byte" => ElementType.UInt8,
        "Bool" or "bool" => ElementType.Bool,
        _ => null,
    };

    /// <summary>A type as text: plain where generated code has its namespace at hand.</summary>
    private static string Write(ITypeSymbol type) => type.ContainingNamespace?.ToDisplayString() is "System" or "GShard" && type.ContainingType is null
        ? type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)
        : KnownTypes.Write(type);

    /// <summary>A static member: an element type, a constant, a host value.</summary>
    private Reading ReadStatic(IMemberReferenceOperation reference)
    {
        var member = reference.Member;
        if (member is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } enumeration) return EnumMember(enumeration);
        if (KnownTypes.Is(member.ContainingType, KnownTypes.Torch) && reference.Type?.Name == "ScalarType" && ElementOf(member.Name) is { } element) return new ElementReading(element);
        if (member.Name is "Ellipsis" or "None" && member.ContainingType.Name is "TensorIndex" or "torch")
            return new IndexReading(member.Name == "Ellipsis" ? IndexKind.Ellipsis : IndexKind.NewAxis);
        if (KnownTypes.IsHost(reference.Type) && Visible(member))
        {
            var own = IsOwn(member.ContainingType);
            var reading = HostMember((own ? "" : Write(member.ContainingType) + ".") + member.Name, reference.Type!, null);
            return Constant(reference) is HostReading constant && (constant.Size is not null || constant.Truth is not null) ? constant : reading;
        }

        return reference.Type?.TypeKind == TypeKind.Error
            ? Unknown()
            : Refuse("GSH4003", reference.Syntax, $"'{member.ContainingType.Name}.{member.Name}' is not known to the compiler; keep host values in fields of the class.");
    }

    // A nested class sees the members of the class around it and of that class's bases by their plain names.
    private bool IsOwn(INamedTypeSymbol? type)
    {
        for (INamedTypeSymbol? at = context.Type; at is not null; at = at.BaseType)
            if (SymbolEqualityComparer.Default.Equals(at, type)) return true;
        return false;
    }

    private bool Visible(ISymbol member) => IsOwn(member.ContainingType) || context.Compilation.IsSymbolAccessibleWithin(member, context.Type);

    private static HostReading HostMember(string code, ITypeSymbol type, string? symbol) => new(
        code, type.TypeKind == TypeKind.Enum ? SpecialType.System_Enum : type.SpecialType,
        symbol is not null && KnownTypes.IsInteger(type) ? Dim.Symbol(symbol) : null);

    private Reading ReadConversion(IConversionOperation conversion)
    {
        var operand = ReadExpression(conversion.Operand);
        if (operand is not HostReading host || conversion.Conversion.IsIdentity) return operand;
        if (conversion.ConstantValue.HasValue && (conversion.Type?.TypeKind == TypeKind.Enum || KnownTypes.IsInteger(conversion.Type))) return Constant(conversion) ?? operand;
        if (conversion.IsImplicit || conversion.OperatorMethod is not null || !KnownTypes.IsHost(conversion.Type)) return host;
        var exact = KnownTypes.IsInteger(conversion.Type) && host.IsInteger;
        return new HostReading($"({Write(conversion.Type!)}){host.In(Binding.Unary)}", conversion.Type!.SpecialType, exact ? host.Size : null, Strength: Binding.Unary);
    }

    private Reading ReadUnary(IUnaryOperation unary)
    {
        switch (ReadExpression(unary.Operand))
        {
            case TensorReading tensor when unary.OperatorKind == UnaryOperatorKind.Minus: return ApplyOne("neg", Attributes.None, [tensor.Value], unary.Syntax);
            case TensorReading tensor when unary.OperatorKind is UnaryOperatorKind.BitwiseNegation or UnaryOperatorKind.Not: return ApplyOne(IsWhole(tensor.Value) ? "bitwise_not" : "logical_not", Attributes.None, [tensor.Value], unary.Syntax);
            case ComplexReading z when unary.OperatorKind == UnaryOperatorKind.Minus:
                return Complex(One(unary.Syntax, "neg", Attributes.None, Re(z)), One(unary.Syntax, "neg", Attributes.None, Im(z)));
            case HostReading host:
                switch (unary.OperatorKind)
                {
                    case UnaryOperatorKind.Plus: return host;
                    case UnaryOperatorKind.Minus:
                        var size = host.Size is { } value ? Dim.Zero - value : null;
                        return size?.Value is { } number ? HostReading.Of(number) : new HostReading("-" + host.In(Binding.Primary), host.Type, size, Strength: Binding.Unary);
                    case UnaryOperatorKind.Not: return host.Truth is { } truth ? HostReading.Of(!truth) : new HostReading("!" + host.In(Binding.Primary), host.Type, Strength: Binding.Unary);
                }

                break;
            case UnknownReading unknown: return unknown;
        }

        return Refuse("GSH4002", unary.Syntax, "This operator is not compiled here; write -x for a tensor or number, ~x for a mask, and !x for a truth value.");
    }

    private Reading ReadHostBinary(IOperation at, BinaryOperatorKind kind, HostReading left, HostReading right)
    {
        if (!Operators.TryGetValue(kind, out var entry)) return Refuse("GSH4002", at.Syntax, "This operator is not compiled on host values; write it with + - * / and comparisons.");
        if (left.Truth is { } a && kind is BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr)
            return a == (kind == BinaryOperatorKind.ConditionalAnd) ? right : left;
        var result = at.Type?.SpecialType ?? SpecialType.None;
        if (result == SpecialType.System_Boolean)
        {
            var truth = left.Size is { } x && right.Size is { } y ? Compare(kind, x, y) : null;
            return truth is { } known ? HostReading.Of(known) : new HostReading(Join(left, entry, right), result, Strength: entry.Strength);
        }

        Dim? size = left.Size is { } m && right.Size is { } n && KnownTypes.IsInteger(at.Type) ? Calculate(kind, m, n) : null;
        if (size?.Value is { } number) return HostReading.Of(number) with { Type = result };
        if (size is not null && (left.HasSizes || right.HasSizes)) return HostReading.Of(size);
        // Text that stands for a wider type must not be calculated in a narrower one.
        if (KnownTypes.IsFloating(at.Type) && left.IsInteger && right.IsInteger) left = new HostReading("(double)" + left.In(Binding.Unary), SpecialType.System_Double, Strength: Binding.Unary);
        return new HostReading(Join(left, entry, right), result, size, Strength: entry.Strength);
    }

    private static readonly ImmutableDictionary<BinaryOperatorKind, (string Text, Binding Strength)> Operators = new Dictionary<BinaryOperatorKind, (string, Binding)>
    {
        [BinaryOperatorKind.Add] = ("+", Binding.Additive),
        [BinaryOperatorKind.Subtract] = ("-", Binding.Additive),
        [BinaryOperatorKind.Multiply] = ("*", Binding.Multiplicative),
        [BinaryOperatorKind.Divide] = ("/", Binding.Multiplicative),
        [BinaryOperatorKind.Remainder] = ("%", Binding.Multiplicative),
        [BinaryOperatorKind.LessThan] = ("<", Binding.Relational),
        [BinaryOperatorKind.LessThanOrEqual] = ("<=", Binding.Relational),
        [BinaryOperatorKind.GreaterThan] = (">", Binding.Relational),
        [BinaryOperatorKind.GreaterThanOrEqual] = (">=", Binding.Relational),
        [BinaryOperatorKind.Equals] = ("==", Binding.Equality),
        [BinaryOperatorKind.NotEquals] = ("!=", Binding.Equality),
        [BinaryOperatorKind.ConditionalAnd] = ("&&", Binding.And),
        [BinaryOperatorKind.ConditionalOr] = ("||", Binding.Or),
    }.ToImmutableDictionary();

    private static string Join(HostReading left, (string Text, Binding Strength) entry, HostReading right) =>
        $"{left.In(entry.Strength)} {entry.Text} {right.In(entry.Strength - 1)}";

    private static Dim? Calculate(BinaryOperatorKind kind, Dim a, Dim b) => kind switch
    {
        BinaryOperatorKind.Add => a + b,
        BinaryOperatorKind.Subtract => a - b,
        BinaryOperatorKind.Multiply => a * b,
        BinaryOperatorKind.Divide when a.Value is { } x && b.Value is { } y && y != 0 => x / y,
        BinaryOperatorKind.Remainder when a.Value is { } x && b.Value is { } y && y != 0 => x % y,
        BinaryOperatorKind.Divide when b.Value is not 0 && IsExact(a, b) => a / b,
        _ => null,
    };

    // Sizes that a model divides are taken to divide, as everywhere in the compiler; a sum over a number is not.
    private static bool IsExact(Dim a, Dim b)
    {
        var terms = b.Terms.ToList();
        return terms.Count == 1 && a.Terms.All(t => t.Coefficient % terms[0].Coefficient == 0) && (a.Terms.Count() == 1 || terms[0].Factors.IsEmpty);
    }

    private static bool? Compare(BinaryOperatorKind kind, Dim a, Dim b)
    {
        if (kind == BinaryOperatorKind.Equals && a.Equals(b)) return true;
        if (a.Value is not { } x || b.Value is not { } y) return null;
        return kind switch
        {
            BinaryOperatorKind.LessThan => x < y,
            BinaryOperatorKind.LessThanOrEqual => x <= y,
            BinaryOperatorKind.GreaterThan => x > y,
            BinaryOperatorKind.GreaterThanOrEqual => x >= y,
            BinaryOperatorKind.Equals => x == y,
            BinaryOperatorKind.NotEquals => x != y,
            _ => null,
        };
    }

    /// <summary>A host value as a size; a host value that is no polynomial of sizes becomes a size of its own.</summary>
    private Dim? SizeOf(Reading reading, SyntaxNode at, string hint = "size")
    {
        switch (reading)
        {
            case HostReading { Size: { } size }: return size;
            case HostReading { IsInteger: true } host:
                return HostSize(host.Code, at, hint);
            case UnknownReading: return null;
            case TensorReading:
                Refuse("GSH4009", at, "A size that depends on a tensor's values is not compiled; take sizes from shapes and fields.");
                return null;
            default:
                Refuse("GSH4002", at, "A whole number is needed here: a constant, a field, a size of a tensor, or arithmetic on them.");
                return null;
        }
    }

    private Dim HostSize(string code, SyntaxNode at, string hint) => builder.HostSize(code, at, hint);
}
