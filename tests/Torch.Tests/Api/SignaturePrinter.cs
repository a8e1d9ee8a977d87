using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace GShard.Torch.Tests.Api;

/// <summary>Prints types and members in the notation of the list of TorchSharp's signatures.</summary>
internal sealed class SignaturePrinter(ListedSignatures listed)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(void)] = "void",
    };

    /// <summary>The name a type's lines begin with: the whole path within `torch`, else the last name, as listed.</summary>
    internal string Header(Type type)
    {
        var path = Path(type);
        var space = type.Namespace == "TorchSharp" ? "" : type.Namespace!["TorchSharp.".Length..] + ".";
        string[] candidates = [space + path, space + type.Name, type.Name];
        return candidates.FirstOrDefault(listed.HasType) ?? candidates[0];
    }

    internal static string Kind(Type type)
    {
        var kind = type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : "class";
        if (kind != "class") return $"TYPE {kind} : ";
        var modifier = type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return $"TYPE {modifier}class : ";
    }

    /// <summary>The public and protected members that the type declares, each with its name.</summary>
    internal IEnumerable<(string Name, string Signature)> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (var name in Enum.GetNames(type))
                yield return (name, $"ENUM {name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
            yield break;
        }

        foreach (var constructor in type.GetConstructors(Declared))
            if (!constructor.IsStatic && Visibility(constructor) is { } visibility)
                yield return (".ctor", $"{visibility} .ctor({Parameters(constructor)})");
        foreach (var field in type.GetFields(Declared))
            if ((field.IsPublic ? "public" : field.IsFamily || field.IsFamilyOrAssembly ? "protected" : null) is { } visibility)
                yield return (field.Name, $"{visibility} {(field.IsStatic ? "static " : "")}{(field.IsLiteral ? "const " : "")}{(field.IsInitOnly ? "readonly " : "")}field {Type(field.FieldType)}{TupleNames(field.GetCustomAttribute<TupleElementNamesAttribute>())} {field.Name}");
        foreach (var property in type.GetProperties(Declared))
            if (Property(property) is { } signature) yield return (property.Name, signature);
        foreach (var method in type.GetMethods(Declared))
        {
            if (method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal)) continue;
            if (method.GetBaseDefinition().DeclaringType is { } origin && (origin == typeof(object) || origin == typeof(ValueType))) continue;
            if (Visibility(method) is not { } visibility) continue;
            var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Type))}>" : "";
            yield return (method.Name, $"{visibility} {Modifiers(method)}{Result(method.ReturnType, method.ReturnParameter)} {method.Name}{generic}({Parameters(method)})");
        }
    }

    private string? Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Select(accessor => (accessor, visibility: Visibility(accessor))).Where(pair => pair.visibility is not null).ToList();
        if (accessors.Count == 0) return null;
        var visibility = accessors.Any(pair => pair.visibility == "public") ? "public" : "protected";
        var bodies = string.Concat(accessors.OrderBy(pair => pair.accessor.Name.StartsWith("set_", StringComparison.Ordinal))
            .Select(pair => $"{(pair.visibility == visibility ? "" : pair.visibility + " ")}{pair.accessor.Name[..3]}; "));
        var index = property.GetIndexParameters();
        var indices = index.Length == 0 ? "" : $"[{string.Join(", ", index.Select(Parameter))}]";
        return $"{visibility} {Modifiers(accessors[0].accessor)}{Type(property.PropertyType)}{TupleNames(property.GetCustomAttribute<TupleElementNamesAttribute>())} {property.Name}{indices} {{ {bodies}}}";
    }

    private static string? Visibility(MethodBase method) => method.IsPublic ? "public" : method.IsFamily || method.IsFamilyOrAssembly ? "protected" : null;

    private static string Modifiers(MethodInfo method)
    {
        if (method.IsStatic) return "static ";
        if (method.GetBaseDefinition() != method) return "override ";
        if (method.IsAbstract) return "abstract ";
        return method is { IsVirtual: true, IsFinal: false } ? "virtual " : "";
    }

    private string Parameters(MethodBase method)
    {
        var self = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return self + string.Join(", ", method.GetParameters().Select(Parameter));
    }

    private string Parameter(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        var passing = !type.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        if (parameter.IsDefined(typeof(ParamArrayAttribute))) passing = "params ";
        var value = parameter.HasDefaultValue ? $" = {Literal(parameter)}" : "";
        return $"{passing}{Result(type.IsByRef ? type.GetElementType()! : type, parameter)} {parameter.Name}{value}";
    }

    private static string Literal(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return parameter.RawDefaultValue switch
        {
            null => parameter.ParameterType is { IsValueType: true } && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
            bool flag => flag ? "true" : "false",
            char letter => $"'{letter}'",
            string text => $"\"{text}\"",
            float number => number.ToString("R", CultureInfo.InvariantCulture) + "f",
            var value when type.IsEnum => $"{type.Name}.{Enum.GetName(type, value)}",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString()!,
        };
    }

    private string Result(Type type, ParameterInfo parameter) => Type(type) + TupleNames(parameter.GetCustomAttribute<TupleElementNamesAttribute>());

    private static string TupleNames(TupleElementNamesAttribute? names) => names is null ? "" : $"{{{string.Join(",", names.TransformNames)}}}";

    private string Type(Type type)
    {
        if (s_keywords.TryGetValue(type, out var keyword)) return keyword;
        if (type.IsArray) return $"{Type(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsGenericParameter) return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } value) return Type(value) + "?";
        if (typeof(ITuple).IsAssignableFrom(type) && type.IsValueType) return $"({string.Join(", ", type.GetGenericArguments().Select(Type))})";
        if (type.IsNested && type.DeclaringType!.IsGenericType) return Path(type);
        var name = type.IsNested ? Header(type) is var header && header.Contains('.', StringComparison.Ordinal) ? Qualified(type) : header : type.Name;
        if (!type.IsGenericType) return name;
        var plain = name.Split('`')[0];
        return $"{plain}<{string.Join(", ", type.GetGenericArguments().Select(Type))}>";
    }

    private static string Qualified(Type type) => type.Namespace == "TorchSharp.Modules" ? "Modules." + Path(type) : Path(type);

    private static string Path(Type type) => type.IsNested ? $"{Path(type.DeclaringType!)}.{type.Name}" : type.Name;
}
