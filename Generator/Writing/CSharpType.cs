using System.Text;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>Writes types: those of a program, and qualified ones in the short form that the file's usings allow.</summary>
internal static class CSharpType
{
    // Longest first. Names that the usings at the top of a generated file bring in.
    private static readonly (string Qualified, string Short)[] Known =
    [
        ("global::TorchSharp.torch.nn.Module<", "nn.Module<"),
        ("global::TorchSharp.torch.Tensor", "Tensor"),
        ("global::TorchSharp.Modules.Parameter", "Parameter"),
        ("global::TorchSharp.Modules.ModuleList<", "ModuleList<"),
    ];

    /// <summary>The C# type of a value.</summary>
    public static string Of(IrType type) => type switch
    {
        TensorType => "Tensor",
        HostType { Kind: "size" } => "long",
        HostType { Kind: "key" } => "RandomKey",
        HostType { Kind: "top2" } => "Top2Saved",
        HostType { Kind: "shape" or "residuals" } host => throw new InvalidOperationException($"a value of type {host} cannot be kept for the backward."),
        HostType parameter => parameter.Kind,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such type"),
    };

    /// <summary>A qualified type, shortened where a using or the namespace of the file makes that safe.</summary>
    public static string Shorten(string type, string @namespace)
    {
        var text = new StringBuilder(type);
        foreach (var (qualified, name) in Known) text.Replace(qualified, name);
        if (@namespace.Length > 0) text.Replace("global::" + @namespace + ".", "");
        return text.ToString();
    }

    /// <summary>What a reader of the documentation needs to know of a tensor: <c>[G, S, M], G split over 'expert'</c>.</summary>
    public static string Describe(IrType described)
    {
        if (described is not TensorType type) return "A host value, the same on every rank";
        var text = new StringBuilder("[").Append(string.Join(", ", type.Dims)).Append(']');
        if (!type.Element.IsFloating()) text.Insert(0, type.Element.Text() + " ");
        var splits = type.Dims.Zip(type.Sharding.Dims, (dim, sharding) => (dim, sharding.Axes)).Where(p => !p.Axes.IsEmpty)
            .Select(p => $"{p.dim} split over {string.Join(" and ", p.Axes.Select(a => $"'{a.Name}'"))}").ToList();
        text.Append(", ").Append(splits.Count == 0 ? "the same on every rank" : string.Join(", ", splits));
        if (!type.Sharding.Devices.IsEmpty) text.Append(", on devices ").Append(string.Join(", ", type.Sharding.Devices));
        return text.ToString();
    }
}
