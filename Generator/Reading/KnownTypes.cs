using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Recognises TorchSharp's and our own types by name, so that no reference to their assemblies is needed.</summary>
internal static class KnownTypes
{
    public const string Tensor = "TorchSharp.torch.Tensor";
    public const string Parameter = "TorchSharp.Modules.Parameter";
    public const string ModuleList = "TorchSharp.Modules.ModuleList";
    public const string Module = "TorchSharp.torch.nn.Module";
    public const string Torch = "TorchSharp.torch";
    public const string Functional = "TorchSharp.torch.nn.functional";
    public const string Special = "TorchSharp.torch.special";
    public const string LinearAlgebra = "TorchSharp.torch.linalg";
    public const string Fourier = "TorchSharp.torch.fft";
    public const string Nn = "TorchSharp.torch.nn";
    public const string ScalarType = "TorchSharp.torch.ScalarType";
    public const string Sharding = "GShard.Sharding";
    public const string Initialize = "GShard.Initialize";
    public const string Moe = "GShard.Moe";

    private static readonly SymbolDisplayFormat NameOnly = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    private static readonly SymbolDisplayFormat Qualified = SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
        | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Namespace, containing types and name, without type arguments.</summary>
    public static string NameOf(ITypeSymbol? type) => type is null ? "" : type.OriginalDefinition.ToDisplayString(NameOnly);

    /// <summary>The type as generated code writes it: <c>global::</c>-qualified, with keywords and tuple names.</summary>
    public static string Write(ITypeSymbol type) => type.ToDisplayString(Qualified);

    public static bool Is(ITypeSymbol? type, string name) => NameOf(type) == name;

    public static bool IsTensor(ITypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
            if (NameOf(type) == Tensor) return true;
        return false;
    }

    public static bool IsParameter(ITypeSymbol? type) => NameOf(type) == Parameter;

    public static bool IsModule(ITypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
            if (NameOf(type) == Module) return true;
        return false;
    }

    public static bool IsSharded(ITypeSymbol? type) => type is not null && Has(type, "ShardedAttribute");

    /// <summary>Host types that a sharded module copies from the plain one.</summary>
    public static bool IsHost(ITypeSymbol? type) => type is not null && (type.TypeKind == TypeKind.Enum || type.SpecialType
        is SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Double or SpecialType.System_Single
        or SpecialType.System_Boolean or SpecialType.System_String);

    public static bool IsInteger(ITypeSymbol? type) => type?.SpecialType
        is SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Int16 or SpecialType.System_Byte or SpecialType.System_UInt32;

    public static bool IsFloating(ITypeSymbol? type) => type?.SpecialType is SpecialType.System_Double or SpecialType.System_Single;

    /// <summary>Whether the symbol carries an attribute of namespace GShard.</summary>
    public static bool Has(ISymbol symbol, string attribute) => symbol.GetAttributes().Any(a => IsOurs(a, attribute));

    public static bool IsOurs(AttributeData attribute, string name) =>
        attribute.AttributeClass is { } type && type.Name == name && type.ContainingNamespace is { Name: "GShard", ContainingNamespace.IsGlobalNamespace: true };
}
