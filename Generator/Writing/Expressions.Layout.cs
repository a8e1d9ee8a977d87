using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Layout =>
    [
        new("zeros", o => Create("zeros", o)),
        new("ones", o => Create("ones", o)),
        new("arange", o => $"torch.arange({(o.Has("start") ? o.Argument("start") + ", " : "")}{o.Argument("end")}, dtype: {o.ScalarType()}, device: {o.Device})"),
        new("rand", o => $"CounterRandom.Uniform({o[0]}, {o.Array(o.Has("local") ? "local" : "shape")}, {o.Array("shape")}, {(o.Has("offsets") ? o.Array("offsets") : $"new long[{Text(o.List("shape").Count)}]")}, {o.ScalarType()}, {o.Device})"),
        new("clamp", Clamp),
        new("pad", o => o.IsSplit(0) ? $"Kernels.Pad({o[0]}, {o.Array("pad")}, {o.Argument("value")})" : $"functional.pad({o[0]}, {o.Array("pad")}, value: {o.Argument("value")})"),
        .. Table(
            ("cat", "torch.cat(new[] { {*} }, {dim|0})"),
            ("diagonal", "{0}.diagonal(0, {dim0|0}, {dim1|1})"),
            ("expand", "{0}.expand({[shape]})"),
            ("eye", "torch.eye({n}, {m|-1}, {type}, {device})"),
            ("flip", "{0}.flip({dims})"),
            ("full", "torch.full({[shape]}, {value}, dtype: {type}, device: {device})"),
            ("full_like", "torch.full_like({0}, {value})"),
            ("linspace", "torch.linspace({start}, {end}, {steps}, {type}, {device})"),
            ("narrow", "{0}.narrow({dim}, {start}, {length})"),
            ("ones_like", "torch.ones_like({0})"),
            ("permute", "{0}.permute({dims})"),
            ("reshape", "{0}.reshape({shape})"),
            ("roll", "{0}.roll({[shifts]}, {[dims]})"),
            ("squeeze", "{0}.squeeze({dim})"),
            ("stack", "torch.stack(new[] { {*} }, {dim|0})"),
            ("transpose", "{0}.transpose({dim0}, {dim1})"),
            ("triangular_mask", "torch.ones({shape}, dtype: ScalarType.Bool, device: {device}).triu_({diagonal|0})"),
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

    private static string Clamp(OperationText o) => (o.Has("min"), o.Has("max")) switch
    {
        (true, false) => $"{o[0]}.clamp_min({o.Argument("min")})",
        (false, true) => $"{o[0]}.clamp_max({o.Argument("max")})",
        _ => $"{o[0]}.clamp({o.Argument("min")}, {o.Argument("max")})",
    };
}
