using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Complex tensors, which are two real ones to the program: what is linear is done to both, products are sums of four. An argument or
/// parameter that meets a complex tensor may be complex itself when it runs.
/// </summary>
internal sealed partial class MethodReader
{
    // Done to the real and to the imaginary part alike.
    private static readonly HashSet<string> OfBothParts = new(
        [
            "reshape", "view", "view_as", "reshape_as", "flatten", "unflatten", "transpose", "swapaxes", "swapdims", "permute", "movedim", "moveaxis", "t", "unsqueeze", "squeeze", "expand", "expand_as",
            "broadcast_to", "narrow", "select", "slice", "chunk", "split", "tensor_split", "hsplit", "vsplit", "dsplit", "unbind", "unfold", "cat", "concat", "concatenate", "stack", "hstack", "vstack",
            "row_stack", "column_stack", "dstack", "repeat", "tile", "repeat_interleave", "flip", "fliplr", "flipud", "roll", "index_select", "index", "take", "take_along_dim", "gather", "scatter_add", "index_add",
            "sum", "mean", "cumsum", "diagonal", "diag", "trace", "tril", "triu", "contiguous", "clone", "alias", "detach", "zeros_like", "neg", "negative", "positive", "ravel", "diff",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<string> Products = new(["mul", "multiply", "matmul", "mm", "bmm", "mv", "dot", "outer", "ger", "inner", "tensordot", "einsum", "kron", "linear"], StringComparer.Ordinal);

    private static readonly HashSet<string> Makers = new(["view_as_complex", "polar", "complex", "cfloat", "cdouble"], StringComparer.Ordinal);

    private static bool IsComplex(Reading reading) => reading is ComplexReading || reading is ListReading list && list.Items.Any(IsComplex);

    private static Value Re(ComplexReading z) => ((TensorReading)z.Real).Value;

    private static Value Im(ComplexReading z) => ((TensorReading)z.Imaginary).Value;

    private static Reading Complex(Value? real, Value? imaginary) =>
        real is null || imaginary is null ? UnknownReading.Instance : new ComplexReading(new TensorReading(real), new TensorReading(imaginary));

    /// <summary>A call that takes or makes complex tensors; null where it does not.</summary>
    private Reading? ReadComplex(IInvocationOperation call, char container, string name, ImmutableArray<Argument> arguments)
    {
        var at = call.Syntax;
        var real = arguments.Length > 0 && arguments[0].Reading is TensorReading tensor ? tensor.Value : null;
        if (container == 'F') return ReadFourier(name, arguments, at);
        if (real is not null && (Makers.Contains(name) || MakesComplex(name, arguments))) return MakeComplex(name, real, arguments, at);
        // Of a tensor from outside only the run can tell whether it is complex.
        if (real is not null && name is "view_as_real" or "conj" or "conj_physical" or "resolve_conj" or "angle" or "real" or "imag" && Parts(arguments[0].Reading, at) is { Im: { } imaginary } parts)
            return OfComplex(call, container, name, new ComplexReading(new TensorReading(parts.Re), new TensorReading(imaginary)), arguments, at);
        if (real is not null && name == "view_as_real")
            return Refuse("GSH4005", at, $"'{real.Name}' is real, for it is made by '{builder.DefinitionOf(real)?.Name}'; view_as_real takes a complex tensor, as torch.view_as_complex, torch.polar and torch.fft make it.");
        if (real is not null && name is "conj" or "conj_physical" or "resolve_conj" or "real") return arguments[0].Reading;
        if (!arguments.Any(a => IsComplex(a.Reading))) return null;
        if (Products.Contains(name)) return Product(call, container, name, arguments, at);
        if (OfBothParts.Contains(name) || name is "where" or "index_copy" or "scatter" or "masked_fill" && arguments.Last().Reading is ComplexReading || name == "masked_fill" && arguments.Last().Reading is HostReading) return OfParts(call, container, name, arguments);
        var kind = name switch { "add" => BinaryOperatorKind.Add, "sub" or "subtract" => BinaryOperatorKind.Subtract, "div" or "divide" or "true_divide" => BinaryOperatorKind.Divide, "eq" => BinaryOperatorKind.Equals, "ne" or "not_equal" => BinaryOperatorKind.NotEquals, _ => BinaryOperatorKind.None };
        if (kind != BinaryOperatorKind.None && arguments.Length == 2) return CombineComplex(kind, arguments[0].Reading, arguments[1].Reading, at);
        return arguments[0].Reading is ComplexReading z && OfComplex(call, container, name, z, arguments, at) is var result and not null ? result : UnknownComplex(container, name, at);
    }

    private Reading UnknownComplex(char container, string name, SyntaxNode at) =>
        Refuse("GSH4003", at, $"'{(container == 'T' ? "Tensor." : container == 'f' ? "nn.functional." : "torch.")}{name}' of complex tensors is not known to the compiler; take .real and .imag, or torch.view_as_real, and write it with those.");

    private UnknownReading RefuseComplex(string who, SyntaxNode at) =>
        Refuse("GSH4010", at, $"{who} real tensors only; give torch.view_as_real of a complex one, and take torch.view_as_complex of it behind.");

    private static bool MakesComplex(string name, ImmutableArray<Argument> arguments) =>
        name is "to" or "to_type" or "type" && arguments.Skip(1).Any(a => a.Reading is HostReading { Symbol.Name: "ComplexFloat32" or "ComplexFloat64" });

    private Reading MakeComplex(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        switch (name)
        {
            case "view_as_complex":
                if (x.Tensor.Rank == 0 || builder.Solver.Resolve(x.Tensor.Dims[x.Tensor.Rank - 1]).Value is not (null or 2))
                    return Refuse("GSH1001", at, $"'view_as_complex' takes a tensor whose last dim has size 2, but '{x.Name}' is [{string.Join(", ", x.Tensor.Dims)}].");
                Value? Half(int index) => One(at, "select", Attributes.None.With("dim", -1).With("index", index), x);
                return Complex(Half(0), Half(1));
            case "polar" or "complex" when arguments.Length > 1 && arguments[1].Reading is TensorReading { Value: var second }:
                return name == "complex" ? Complex(x, second) : Polar(x, second, at);
            case "polar" or "complex": return Unknown();
            default:
                var element = name == "cdouble" || arguments.Any(a => a.Reading is HostReading { Symbol.Name: "ComplexFloat64" }) ? ElementType.Float64 : ElementType.Float32;
                if (Parts(arguments[0].Reading, at) is { Im: { } given } parts) return Complex((Cast(parts.Re, element, at) as TensorReading)?.Value, (Cast(given, element, at) as TensorReading)?.Value);
                return Cast(x, element, at) is TensorReading { Value: var cast } ? Complex(cast, One(at, "zeros_like", Attributes.None, cast)) : UnknownReading.Instance;
        }
    }

    private Reading Polar(Value? radius, Value? angle, SyntaxNode at) =>
        Complex(One(at, "mul", Attributes.None, radius, One(at, "cos", Attributes.None, angle)), One(at, "mul", Attributes.None, radius, One(at, "sin", Attributes.None, angle)));

    /// <summary>The parts of an operand; the imaginary one is null for what is real for certain.</summary>
    private (Value Re, Value? Im)? Parts(Reading reading, SyntaxNode at)
    {
        if (reading is ComplexReading z) return (Re(z), Im(z));
        if (reading is not TensorReading { Value: var x }) return null;
        var source = x;
        while (builder.DefinitionOf(source) is { } made)
        {
            if (!ElementUse.Keeps(made.Name)) return (x, null);
            source = made.Operands[0];
        }

        if (source.Tensor.Element != ElementType.Float) return (x, null);
        return One(at, "real_part", Attributes.None, x) is { } real && One(at, "imaginary_part", Attributes.None, x) is { } imaginary ? (real, imaginary) : null;
    }

    /// <summary>A function of one complex tensor; null where there is none of that name.</summary>
    private Reading? OfComplex(IInvocationOperation? call, char container, string name, ComplexReading z, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Value? Neg(Value? x) => One(at, "neg", Attributes.None, x);
        switch (name)
        {
            case "view_as_real": return Result(One(at, "stack", Attributes.None.With("dim", Re(z).Tensor.Rank), Re(z), Im(z)));
            case "real": return z.Real;
            case "imag": return z.Imaginary;
            case "conj" or "conj_physical": return Complex(Re(z), Neg(Im(z)));
            case "resolve_conj" or "resolve_neg": return z;
            case "abs" or "absolute": return Result(Modulus(z, at));
            case "angle": return Result(One(at, "atan2", Attributes.None, Im(z), Re(z)));
            case "exp": return Polar(One(at, "exp", Attributes.None, Re(z)), Im(z), at);
            case "log": return Complex(One(at, "log", Attributes.None, Modulus(z, at)), One(at, "atan2", Attributes.None, Im(z), Re(z)));
            case "sqrt": return Polar(One(at, "sqrt", Attributes.None, Modulus(z, at)), Scalar(at, "mul_scalar", One(at, "atan2", Attributes.None, Im(z), Re(z)), "0.5"), at);
            case "square": return CombineComplex(BinaryOperatorKind.Multiply, z, z, at);
            case "reciprocal": return CombineComplex(BinaryOperatorKind.Divide, HostReading.Of(1), z, at);
            case "pow" when arguments.Length > 1 && arguments[1].Reading is HostReading { Size.Value: >= 1 and <= 8 and { } power }:
                Reading result = z;
                for (var i = 1; i < power; i++) result = CombineComplex(BinaryOperatorKind.Multiply, result, z, at);
                return result;
            case "size" or "dim" or "numel" when call is not null: return ReadMember(call, at, container, name, arguments.SetItem(0, arguments[0] with { Reading = z.Real }));
            case "is_complex": return HostReading.Of(true);
            case "cfloat" or "cdouble" or "to" or "to_type" or "type" when name[0] == 'c' || arguments.Any(a => a.Reading is HostReading { Symbol.Name: "ComplexFloat32" or "ComplexFloat64" }):
                var element = name == "cdouble" || arguments.Any(a => a.Reading is HostReading { Symbol.Name: "ComplexFloat64" }) ? ElementType.Float64 : ElementType.Float32;
                return Complex((Cast(Re(z), element, at) as TensorReading)?.Value, (Cast(Im(z), element, at) as TensorReading)?.Value);
            case "to" when arguments.Skip(1).All(IsIgnored): return z;
            case "ones_like": return Complex(One(at, "ones_like", Attributes.None, Re(z)), One(at, "zeros_like", Attributes.None, Im(z)));
            default: return null;
        }
    }

    // Its gradient at 0 is 0, as torch has it.
    private Value? Modulus(ComplexReading z, SyntaxNode at) =>
        One(at, "norm", Attributes.None.With("dims", [-1]), One(at, "stack", Attributes.None.With("dim", Re(z).Tensor.Rank), Re(z), Im(z)));

    /// <summary>The call on all real parts, and on all imaginary ones, of which real tensors have none.</summary>
    private Reading OfParts(IInvocationOperation call, char container, string name, ImmutableArray<Argument> arguments)
    {
        var at = call.Syntax;
        // Indices, masks and shapes to follow are no numbers.
        var isNumber = arguments.Select((a, i) => i == 0 || IsComplex(a.Reading) || a.Name is "source" or "src" or "other" or "tensors").ToList();
        Reading Part(Reading reading, bool imaginary, bool number) => reading switch
        {
            ComplexReading z => imaginary ? z.Imaginary : z.Real,
            ListReading list when number => new ListReading([.. list.Items.Select(i => Part(i, imaginary, true))]),
            TensorReading { Value: var x } when number && x.Tensor.Element.IsFloating() && Parts(reading, at) is { } parts =>
                !imaginary ? new TensorReading(parts.Re) : parts.Im is { } given ? new TensorReading(given) : Result(One(at, "zeros_like", Attributes.None, x)),
            HostReading when number && imaginary && name == "masked_fill" => HostReading.Of(0),
            _ => reading,
        };
        ImmutableArray<Argument> Of(bool imaginary) => [.. arguments.Select((a, i) =>
            a with { Reading = name == "masked_fill" && i == 2 && imaginary && a.Reading is HostReading ? HostReading.Of(0) : Part(a.Reading, imaginary, isNumber[i]) })];
        return Joined(ReadMember(call, at, container, name, Of(false)), ReadMember(call, at, container, name, Of(true)));
    }

    private static Reading Joined(Reading real, Reading imaginary) => (real, imaginary) switch
    {
        (TensorReading x, TensorReading y) => new ComplexReading(x, y),
        (ListReading x, ListReading y) => new ListReading([.. x.Items.Zip(y.Items, Joined)]),
        (TupleReading x, TupleReading y) => new TupleReading([.. x.Items.Zip(y.Items, Joined)]),
        _ => real is UnknownReading ? real : imaginary,
    };

    /// <summary>A product of two operands, linear in each: (a + bi) (c + di) = ac - bd + (ad + bc) i.</summary>
    private Reading Product(IInvocationOperation call, char container, string name, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var list = arguments.ToList().FindIndex(a => a.Reading is ListReading { Items: var items } && items.Any(i => i is ComplexReading or TensorReading));
        var factors = list >= 0 ? ((ListReading)arguments[list].Reading).Items : [.. arguments.Where(a => a.Reading is ComplexReading or TensorReading).Select(a => a.Reading)];
        if (factors.Length == 1 && arguments.FirstOrDefault(a => a.Reading is HostReading) is { Reading: HostReading number } && name is "mul" or "multiply") return CombineComplex(BinaryOperatorKind.Multiply, factors[0], number, at);
        if (factors.Length == 1 && name == "einsum") return Joined(Of(((ComplexReading)factors[0]).Real), Of(((ComplexReading)factors[0]).Imaginary));
        if (factors.Length != 2) return Refuse("GSH4005", at, $"'{name}' of complex tensors is compiled for two operands; write it as several of two each.");
        return Parts(factors[0], at) is { } a && Parts(factors[1], at) is { } b ? Product(a, b, at, (x, y) => (Of(new TensorReading(x), new TensorReading(y)) as TensorReading)?.Value) : UnknownReading.Instance;

        Reading Of(params Reading[] given)
        {
            var next = 0;
            ImmutableArray<Argument> with = [.. arguments.Select((a, i) => list >= 0
                ? i == list ? a with { Reading = new ListReading([.. given]) } : a
                : a.Reading is ComplexReading or TensorReading ? a with { Reading = given[next++] } : a)];
            return ReadMember(call, at, container, name, with);
        }
    }

    private Reading Product((Value Re, Value? Im) a, (Value Re, Value? Im) b, SyntaxNode at, Func<Value, Value, Value?> times)
    {
        var real = times(a.Re, b.Re);
        if (a.Im is null) return Complex(real, b.Im is null ? One(at, "zeros_like", Attributes.None, real) : times(a.Re, b.Im));
        if (b.Im is null) return Complex(real, times(a.Im, b.Re));
        return Complex(One(at, "sub", Attributes.None, real, times(a.Im, b.Im)), One(at, "add", Attributes.None, times(a.Re, b.Im), times(a.Im, b.Re)));
    }

    /// <summary>An operator between complex tensors, real ones and numbers.</summary>
    private Reading CombineComplex(BinaryOperatorKind kind, Reading left, Reading right, SyntaxNode at)
    {
        Value? Both(string name, Value? x, Value? y) => One(at, name, Attributes.None, x, y);
        switch (left, right)
        {
            case (ComplexReading z, HostReading number):
                var code = number.Code;
                switch (kind)
                {
                    case BinaryOperatorKind.Add or BinaryOperatorKind.Subtract: return Complex(Scalar(at, kind == BinaryOperatorKind.Add ? "add_scalar" : "sub_scalar", Re(z), code), Im(z));
                    case BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide:
                        var by = kind == BinaryOperatorKind.Multiply ? "mul_scalar" : "div_scalar";
                        return Complex(Scalar(at, by, Re(z), code), Scalar(at, by, Im(z), code));
                }

                break;
            case (HostReading number, ComplexReading z):
                switch (kind)
                {
                    case BinaryOperatorKind.Add or BinaryOperatorKind.Multiply: return CombineComplex(kind, z, number, at);
                    case BinaryOperatorKind.Subtract: return Complex(Scalar(at, "rsub_scalar", Re(z), number.Code), One(at, "neg", Attributes.None, Im(z)));
                    case BinaryOperatorKind.Divide:
                        var over = Scalar(at, "rdiv_scalar", Both("add", One(at, "square", Attributes.None, Re(z)), One(at, "square", Attributes.None, Im(z))), number.Code);
                        return Complex(Both("mul", Re(z), over), One(at, "neg", Attributes.None, Both("mul", Im(z), over)));
                }

                break;
            default:
                if (Parts(left, at) is not { } a || Parts(right, at) is not { } b) return Unknown();
                switch (kind)
                {
                    case BinaryOperatorKind.Add or BinaryOperatorKind.Subtract:
                        var name = kind == BinaryOperatorKind.Add ? "add" : "sub";
                        var real = Both(name, a.Re, b.Re);
                        var imaginary = a.Im is null ? kind == BinaryOperatorKind.Add ? b.Im : One(at, "neg", Attributes.None, b.Im) : b.Im is null ? a.Im : Both(name, a.Im, b.Im);
                        if (real is not null && imaginary is not null && !imaginary.Tensor.Dims.SequenceEqual(real.Tensor.Dims)) imaginary = One(at, "expand", Attributes.None.With("shape", real.Tensor.Dims), imaginary);
                        return Complex(real, imaginary);
                    case BinaryOperatorKind.Multiply: return Product(a, b, at, (x, y) => Both("mul", x, y));
                    case BinaryOperatorKind.Divide when b.Im is null: return Complex(Both("div", a.Re, b.Re), Both("div", a.Im, b.Re));
                    case BinaryOperatorKind.Divide:
                        var squared = Both("add", One(at, "square", Attributes.None, b.Re), One(at, "square", Attributes.None, b.Im));
                        return Product(a, (b.Re, One(at, "neg", Attributes.None, b.Im)), at, (x, y) => Both("mul", x, y)) is ComplexReading product
                            ? Complex(Both("div", Re(product), squared), Both("div", Im(product), squared))
                            : UnknownReading.Instance;
                    case BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals when a.Im is not null && b.Im is not null:
                        var (test, join) = kind == BinaryOperatorKind.Equals ? ("eq", "logical_and") : ("ne", "logical_or");
                        return Result(Both(join, Both(test, a.Re, b.Re), Both(test, a.Im, b.Im)));
                }

                break;
        }

        return Refuse("GSH4002", at, "This operator is not compiled on complex tensors; write it with + - * / of complex and real tensors and real numbers, or with .real and .imag.");
    }

    /// <summary>What positions leave of a complex tensor.</summary>
    private Reading ReadComplexAt(ComplexReading z, Func<Value, Reading> read) => Joined(read(Re(z)), read(Im(z)));

    private Reading ReadComplexProperty(ComplexReading z, IPropertyReferenceOperation property)
    {
        switch (property.Property.Name)
        {
            case "real": return z.Real;
            case "imag": return z.Imaginary;
            case "dtype": return Refuse("GSH4005", property.Syntax, "The element type of a complex tensor is not carried to the ranks; name the type, as in ScalarType.ComplexFloat32.");
            case "T" or "mT": return Joined(ReadTensorProperty(Re(z), property), ReadTensorProperty(Im(z), property));
            default: return ReadTensorProperty(Re(z), property);
        }
    }
}
