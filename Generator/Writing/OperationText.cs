using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>One operation's operands and constants as C#, for the table of expressions.</summary>
internal sealed class OperationText(Operation operation, MethodScope method)
{
    /// <summary>The operator's name.</summary>
    public string Name => operation.Name;

    /// <summary>How many operands there are.</summary>
    public int Count => operation.Operands.Length;

    /// <summary>How many results there are.</summary>
    public int Results => operation.Results.Length;

    /// <summary>An operand.</summary>
    public string this[int index] => method.Of(operation.Operands[index]);

    /// <summary>All operands, as arguments.</summary>
    public string All => string.Join(", ", operation.Operands.Select(method.Of));

    /// <summary>The tensor on whose device new tensors are made.</summary>
    public string Device => method.Device;

    /// <summary>The field that holds a mesh axis.</summary>
    public string Axis(string axis) => method.Axis(axis);

    /// <summary>Rank of a tensor operand.</summary>
    public int Rank(int index) => operation.Operands[index].Tensor.Rank;

    /// <summary>Whether a tensor operand is split.</summary>
    public bool IsSplit(int index) => operation.Operands[index].Tensor.Sharding.Dims.Any(d => !d.Axes.IsEmpty);

    /// <summary>Whether a dim of a tensor operand is split.</summary>
    public bool IsSplit(int index, int dim) => !operation.Operands[index].Tensor.Sharding.Dims[dim].Axes.IsEmpty;

    /// <summary>Whether the constant is there.</summary>
    public bool Has(string key) => operation.Attributes.Has(key);

    /// <summary>Whether a truth value is set.</summary>
    public bool Flag(string key) => operation.Attributes.Flag(key);

    /// <summary>A constant, as an argument.</summary>
    public string Argument(string key) => Print(operation.Attributes.Find(key)
        ?? throw new InvalidOperationException($"'{operation.Name}' has no constant '{key}'."));

    /// <summary>A constant as an argument, or the default where it is absent.</summary>
    public string Argument(string key, string otherwise) => Has(key) ? Argument(key) : otherwise;

    /// <summary>A size as an argument of type <c>int</c>.</summary>
    public string Int(string key) => operation.Attributes.Size(key).Value is null ? $"(int){Operand(key)}" : Argument(key);

    /// <summary>A constant, as an operand of an infix operator.</summary>
    public string Operand(string key) => SizeText.Parenthesize(Argument(key));

    /// <summary>Sizes or dims of a constant, one text each.</summary>
    public IReadOnlyList<string> List(string key) => [.. operation.Attributes.Sizes(key).Select(d => SizeText.Print(d, method.Symbol))];

    /// <summary>Sizes or dims of a constant as an array.</summary>
    public string Array(string key) => ArrayOf(List(key));

    /// <summary>The element type that the operation names, as a <c>ScalarType</c>; the model's own where it names none.</summary>
    public string ScalarType() => operation.Attributes.Find(Attributes.Name) is NameAttribute name && ElementTypes.Parse(name.Value) is { } type
        ? ScalarType(type)
        : ScalarType(operation.Results.Select(r => r.Type).OfType<TensorType>().Select(t => t.Element).DefaultIfEmpty(ElementType.Float).First());

    /// <summary>An array of whole numbers.</summary>
    public static string ArrayOf(IReadOnlyCollection<string> items) => items.Count == 0 ? "Array.Empty<long>()" : "new long[] { " + string.Join(", ", items) + " }";

    private string ScalarType(ElementType type) => type switch
    {
        ElementType.Float => method.FloatingType,
        ElementType.UInt8 => "ScalarType.Byte",
        _ => "ScalarType." + type,
    };

    private string Print(AttributeValue value) => value switch
    {
        DimAttribute dim => SizeText.Print(dim.Value, method.Symbol),
        DimsAttribute dims => string.Join(", ", dims.Values.Select(d => SizeText.Print(d, method.Symbol))),
        TextAttribute text => "\"" + text.Value + "\"",
        BoolAttribute truth => truth.Value ? "true" : "false",
        HostAttribute host => HostCode.Print(host.Code, method.Symbol),
        NameAttribute name => name.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "no such constant"),
    };
}
