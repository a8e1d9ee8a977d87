using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;
using GShard.Generator.Surface;

namespace GShard.Generator.Tests.Fuzzing;

/// <summary>Operator calls as an author writes them in C#: in one of the ways that the table of members gives, or by hand where it has none.</summary>
internal static class ExpressionText
{
    /// <summary>Operators that are written by hand below.</summary>
    private static readonly HashSet<string> Special =
    [
        "einsum", "linear", "linear_bias", "reshape", "squeeze", "expand", "cat", "stack", "where", "layer_norm", "layer_norm_plain", "to", "var", "std", "pad", "scaled_dot_product_attention",
        "cross_entropy", "rsub_scalar", "rdiv_scalar", "zeros", "ones", "full", "arange", "eye", "group_norm", "conv1d", "conv2d", "max_pool1d", "avg_pool1d", "max_pool2d", "avg_pool2d", "scatter_add", "scatter",
        "index_add", "sort", "norm", "nll_loss", "dropout", "top2_gating",
    ];

    /// <summary>Reductions that C# has over one dim only.</summary>
    private static readonly HashSet<string> OneDim = ["prod", "any", "all", "logsumexp", "norm"];

    /// <summary>Operators of whose results an author sees the first only.</summary>
    public static bool ShowsFirst(string name) => name is "layer_norm" or "layer_norm_plain";

    /// <summary>Whether C# has a way to write the call.</summary>
    public static bool Knows(string name, Attributes attributes) => name switch
    {
        "rand" => false,
        // torch differentiates no such division.
        "floor_divide" or "floor_divide_scalar" => false,
        // An argument's type is known by its uses: bits alone do not tell it.
        "bitwise_and" or "bitwise_or" or "bitwise_xor" or "bitwise_not" or "bitwise_left_shift" or "bitwise_right_shift" => false,
        "to" => attributes.NameText is "f64" or "i64",
        "arange" or "eye" or "zeros" or "ones" or "full" => attributes.Find(Attributes.Name) is null or NameAttribute { Value: "f64" or "i64" },
        "einsum" => attributes.EquationText.Contains("->", StringComparison.Ordinal),
        "nll_loss" => !attributes.Has("ignore_index"),
        "norm" => attributes.Has("dims") && attributes.Ints("dims").Length == 1,
        _ when OneDim.Contains(name) && attributes.Has("dims") && attributes.Ints("dims").Length != 1 => false,
        "max_pool1d" or "max_pool2d" or "avg_pool1d" or "avg_pool2d" or "conv1d" or "conv2d" => !attributes.Has("dilation") && !attributes.Has("padding") || name[0] == 'c',
        _ => Special.Contains(name) || Rows(name, attributes).Any(),
    };

    /// <summary>The call in C#; <paramref name="choice"/> picks one of several ways.</summary>
    public static string Of(Operation operation, int choice)
    {
        var x = operation.Operands.Select(o => o.Name).ToArray();
        var a = operation.Attributes;
        if (Special.Contains(operation.Name)) return Written(operation, x, a);
        var ways = Rows(operation.Name, a).Select(r => Call(r, x, a)).ToList();
        if (Symbol(operation, x) is { } symbol) ways.Add(symbol);
        return ways[choice % ways.Count];
    }

    /// <summary>A host expression with its sizes filled in.</summary>
    public static string Host(string code) => string.Concat(SizeReferences.Pieces(code).Select(p => p.IsSize ? $"({p.Text})" : p.Text));

    private static string? Symbol(Operation operation, string[] x)
    {
        var found = TensorOperators.All.FirstOrDefault(o => o.Tensors == operation.Name);
        if (found is not null && found.Symbol is not ("==" or "!=" or "&" or "|" or "^")) return $"({x[0]} {found.Symbol} {x[1]})";
        found = TensorOperators.All.FirstOrDefault(o => o.Scalar == operation.Name);
        return found is not null && found.Symbol is not ("==" or "!=") ? $"({x[0]} {found.Symbol} ({Host(operation.Attributes.Host("value"))}))" : null;
    }

    private static IEnumerable<ApiRow> Rows(string name, Attributes attributes) => ApiTable.All.Where(r => r.Operator == name && r.Containers != "s" && Fits(r, attributes));

    private static bool Fits(ApiRow row, Attributes attributes)
    {
        var read = row.Parameters.Where(p => p.Role is not (ApiRole.Tensor or ApiRole.Cast)).ToList();
        return read.All(p => p.Role is ApiRole.Dim or ApiRole.Dims or ApiRole.Size or ApiRole.Shape or ApiRole.Value or ApiRole.Flag && (p.Role == ApiRole.Flag || attributes.Has(p.Attribute)))
            && read.Select(p => p.Attribute).Distinct().Count() == read.Count
            && attributes.All(a => read.Any(p => p.Attribute == a.Key) || a.Value is BoolAttribute { Value: false })
            // The long names compare tensors only.
            && (row.Method.Length == 2 || row.Operator is not ("eq_scalar" or "ne_scalar" or "lt_scalar" or "le_scalar" or "gt_scalar" or "ge_scalar"))
            // In C#, one number binds to another overload, and 'min' alone to the wrong parameter.
            && (row.Operator != "clamp" || row.Method is "clip" or "clamp" == (attributes.Has("min") && attributes.Has("max")));
    }

    private static string Call(ApiRow row, string[] operands, Attributes attributes)
    {
        var next = 0;
        var arguments = row.Parameters.Where(p => p.Role != ApiRole.Cast).Select(p => p.Role switch
        {
            ApiRole.Tensor => operands[next++],
            ApiRole.Dim or ApiRole.Size => attributes.Size(p.Attribute).ToString(),
            ApiRole.Dims when OneDim.Contains(row.Operator) => attributes.Ints(p.Attribute)[0].ToString(CultureInfo.InvariantCulture),
            ApiRole.Dims or ApiRole.Shape => List(attributes.Sizes(p.Attribute)),
            ApiRole.Flag => attributes.Flag(p.Attribute) ? "true" : "false",
            _ => Host(attributes.Host(p.Attribute)),
        }).ToList();
        return row.Containers[0] switch
        {
            'T' => $"{arguments[0]}.{row.Method}({string.Join(", ", arguments.Skip(1))})",
            'f' => $"functional.{row.Method}({string.Join(", ", arguments)})",
            _ => $"torch.{row.Method}({string.Join(", ", arguments)})",
        };
    }

    private static string Written(Operation operation, string[] x, Attributes a)
    {
        string Size(string key, string otherwise = "0") => a.Has(key) ? a.Size(key).ToString() : otherwise;
        string Sizes(string key, string otherwise) => a.Has(key) ? List(a.Sizes(key)) : otherwise;
        string One(string key, string otherwise) => a.Has(key) ? a.Sizes(key)[0].ToString() : otherwise;
        string Value(string key, string otherwise) => a.Has(key) ? Host(a.Host(key)) : otherwise;
        string Optional(int operand) => x.Length > operand ? x[operand] : "null";
        var keep = a.Flag("keepdim") ? "true" : "false";
        const string Real = "dtype: ScalarType.Float64";
        var isWhole = operation.Results[0].Tensor.Element == ElementType.Int64;
        switch (operation.Name)
        {
            case "einsum": return $"torch.einsum(\"{a.EquationText}\", {string.Join(", ", x)})";
            case "linear": return $"functional.linear({x[0]}, {x[1]})";
            case "linear_bias": return $"functional.linear({x[0]}, {x[1]}, {x[2]})";
            case "reshape": return $"{x[0]}.reshape({List(a.Sizes("shape"))})";
            case "squeeze": return $"{x[0]}.squeeze({Size("dim")})";
            case "expand": return $"{x[0]}.expand({List(a.Sizes("shape"))})";
            case "cat" or "stack": return $"torch.{operation.Name}(new[] {{ {string.Join(", ", x)} }}, {Size("dim")})";
            case "where": return $"torch.where({x[0]}, {x[1]}, {x[2]})";
            case "layer_norm" or "layer_norm_plain":
                var normal = operation.Operands[0].Tensor.Dims;
                return $"functional.layer_norm({x[0]}, {List([.. normal.Skip(normal.Length - a.Int("dims"))])}, {Optional(1)}, {Optional(2)}, {Value("eps", "1e-5")})";
            case "to": return $"{x[0]}.to(ScalarType.{(a.NameText == "f64" ? "Float64" : "Int64")})";
            case "var" or "std":
                var over = a.Has("dims") ? a.Ints("dims") : [.. Enumerable.Range(0, operation.Operands[0].Tensor.Rank)];
                return $"{x[0]}.{operation.Name}(new long[] {{ {string.Join(", ", over)} }}, unbiased: {(Size("correction", "1") == "0" ? "false" : "true")}, keepdim: {keep})";
            case "pad": return $"functional.pad({x[0]}, {List(a.Sizes("pad"))}, value: {Value("value", "0")})";
            case "scaled_dot_product_attention": return $"functional.scaled_dot_product_attention({x[0]}, {x[1]}, {x[2]}, {(x.Length > 3 ? x[3] : "null")}, 0.0, {(a.Flag("is_causal") ? "true" : "false")})";
            case "cross_entropy": return $"functional.cross_entropy({x[0]}, {x[1]}, reduction: Reduction.None, ignore_index: {Size("ignore_index", "-100")}, label_smoothing: {Value("label_smoothing", "0.0")})";
            case "nll_loss": return $"functional.nll_loss({x[0]}, {x[1]}, null, Reduction.None)";
            case "rsub_scalar": return $"(({Value("value", "0")}) - {x[0]})";
            case "rdiv_scalar": return $"(({Value("value", "0")}) / {x[0]})";
            case "zeros" or "ones": return $"torch.{operation.Name}({List(a.Sizes("shape"))}, {Real})";
            case "full": return $"torch.full({List(a.Sizes("shape"))}, {Value("value", "0")}, {Real})";
            case "arange": return isWhole ? $"torch.arange({Size("start")}, {Size("end")})" : $"torch.arange({Size("start")}, {Size("end")}, {Real})";
            case "eye": return $"torch.eye({Size("n")}{(operation.Attributes.Has("m") ? ", " + Size("m") : "")}, {Real})";
            case "group_norm": return $"functional.group_norm({x[0]}, {Size("groups")}, {Optional(1)}, {Optional(2)}, {Value("eps", "1e-5")})";
            case "conv1d": return $"functional.conv1d({x[0]}, {x[1]}, {Optional(2)}, {One("stride", "1")}, {One("padding", "0")}, {One("dilation", "1")}, {Size("groups", "1")})";
            case "conv2d": return $"functional.conv2d({x[0]}, {x[1]}, {Optional(2)}, {Sizes("stride", "null")}, {Sizes("padding", "null")}, {Sizes("dilation", "null")}, {Size("groups", "1")})";
            case "max_pool1d" or "avg_pool1d": return $"functional.{operation.Name}({x[0]}, {One("kernel_size", "1")}, {One("stride", One("kernel_size", "1"))})";
            case "max_pool2d" or "avg_pool2d": return $"functional.{operation.Name}({x[0]}, {Sizes("kernel_size", "")}, {Sizes("stride", Sizes("kernel_size", ""))})";
            case "scatter_add" or "scatter": return $"{x[0]}.{operation.Name}({Size("dim")}, {x[1]}, {x[2]})";
            case "index_add": return $"{x[0]}.index_add({Size("dim")}, {x[1]}, {x[2]}, 1.0)";
            case "sort": return $"{x[0]}.sort({Size("dim")}, {(a.Flag("descending") ? "true" : "false")})";
            case "norm": return $"{x[0]}.norm({a.Ints("dims")[0]}, {keep})";
            case "dropout": return $"Sharding.Dropout({x[0]}, {Value("p", "0.5")}, {Value("training", "true")})";
            case "top2_gating": return $"Moe.Top2Gating({x[0]}, {Size("capacity")}, {Value("training", "true")})";
            default: throw new ArgumentOutOfRangeException(nameof(operation), operation.Name, "has no C#");
        }
    }

    private static string List(ImmutableArray<Compiler.Dims.Dim> sizes) => $"new long[] {{ {string.Join(", ", sizes)} }}";
}
