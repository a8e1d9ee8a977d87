using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Layout =>
    [
        new("zeros", o => Create("zeros", o)),
        new("ones", o => Create("ones", o)),
        new("full", o => $"torch.full({o.Array("shape")}, {o.Argument("value")}, dtype: {o.ScalarType()}, device: {o.Device})"),
        new("arange", o => $"torch.arange({(o.Has("start") ? o.Argument("start") + ", " : "")}{o.Argument("end")}, dtype: {o.ScalarType()}, device: {o.Device})"),
        new("squeeze", o => $"{o[0]}.squeeze({o.Argument("dim", "")})"),
        .. Table(
            ("cat", "torch.cat(new[] { {*} }, {dim|0})"),
            ("expand", "{0}.expand({[shape]})"),
            ("flip", "{0}.flip({dims})"),
            ("narrow", "{0}.narrow({dim}, {start}, {length})"),
            ("ones_like", "torch.ones_like({0})"),
            ("permute", "{0}.permute({dims})"),
            ("reshape", "{0}.reshape({shape})"),
            ("roll", "{0}.roll({[shifts]}, {[dims]})"),
            ("select", "{0}.select({dim}, {index})"),
            ("stack", "torch.stack(new[] { {*} }, {dim|0})"),
            ("transpose", "{0}.transpose({dim0}, {dim1})"),
            ("tril", "{0}.tril({diagonal|0})"),
            ("triu", "{0}.triu({diagonal|0})"),
            ("unsqueeze", "{0}.unsqueeze({dim})"),
            ("zeros_like", "torch.zeros_like({0})")),
    ];

    private static string Create(string function, OperationText o)
    {
        var sizes = o.List("shape");
        var shape = sizes.Count is >= 1 and <= 4 ? string.Join(", ", sizes) : o.Array("shape");
        return $"torch.{function}({shape}, dtype: {o.ScalarType()}, device: {o.Device})";
    }
}
