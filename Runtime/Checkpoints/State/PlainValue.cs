using System.Globalization;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary>Numbers, truth values, texts and lists of numbers as JSON and back, to the bit: infinities and NaN, which JSON lacks, as text.</summary>
internal static class PlainValue
{
    /// <summary>Whether values of a type can be kept.</summary>
    public static bool IsPlain(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsEnum || type == typeof(int) || type == typeof(long) || type == typeof(bool) || type == typeof(double) || type == typeof(float) || type == typeof(string) || IsList(type, out _);
    }

    public static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        bool truth => truth,
        int number => number,
        long number => number,
        float number => ToJson((double)number),
        double number => double.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture),
        Enum choice => choice.ToString(),
        string text => text,
        IEnumerable<double> numbers => new JsonArray([.. numbers.Select(number => ToJson(number))]),
        IEnumerable<int> numbers => new JsonArray([.. numbers.Select(number => ToJson(number))]),
        _ => throw new NotSupportedException($"A {value.GetType().Name} cannot be saved."),
    };

    /// <exception cref="FormatException">The JSON is no value of the type.</exception>
    public static object? FromJson(JsonNode? node, Type type)
    {
        if (node is null)
            return !type.IsValueType || Nullable.GetUnderlyingType(type) is not null ? null : throw new FormatException($"null is no {type.Name}");
        type = Nullable.GetUnderlyingType(type) ?? type;
        try
        {
            if (type == typeof(bool)) return node.GetValue<bool>();
            if (type == typeof(int)) return node.GetValue<int>();
            if (type == typeof(long)) return node.GetValue<long>();
            if (type == typeof(double)) return Number(node);
            if (type == typeof(float)) return (float)Number(node);
            if (type.IsEnum) return Enum.Parse(type, node.GetValue<string>());
            if (type == typeof(string)) return node.GetValue<string>();
            if (IsList(type, out var element))
                return element == typeof(double) ? List(node, type, Number) : List(node, type, item => item!.GetValue<int>());
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new FormatException($"{node.ToJsonString()} is no {type.Name}", exception);
        }
        throw new FormatException($"a {type.Name} cannot be read");
    }

    private static double Number(JsonNode? node) => node!.GetValueKind() == System.Text.Json.JsonValueKind.String
        ? double.Parse(node.GetValue<string>(), CultureInfo.InvariantCulture)
        : node.GetValue<double>();

    private static object List<T>(JsonNode node, Type type, Func<JsonNode?, T> read)
    {
        var items = node.AsArray().Select(read).ToList();
        return type.IsArray ? items.ToArray() : items;
    }

    private static bool IsList(Type type, out Type? element)
    {
        element = type == typeof(double[]) || type.IsAssignableFrom(typeof(List<double>)) && type != typeof(object) && type.IsGenericType ? typeof(double)
            : type == typeof(int[]) || type.IsAssignableFrom(typeof(List<int>)) && type != typeof(object) && type.IsGenericType ? typeof(int)
            : null;
        return element is not null;
    }
}
