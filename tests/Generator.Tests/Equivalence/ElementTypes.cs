namespace GShard.Generator.Tests.Equivalence;

/// <summary>Casts, creation and comparison in every element type that a model's tensors have.</summary>
internal static class ElementTypes
{
    private static readonly string[] Types = ["Bool", "Byte", "Int8", "Int16", "Int32", "Int64", "Float16", "BFloat16", "Float32", "Float64"];

    public static IEnumerable<MemberSample> All => Types.SelectMany(type => new[]
    {
        $"(x.abs() * 3).to(ScalarType.{type}).to(ScalarType.Float64) + x", $"x * torch.full(4, 10, 3, dtype: ScalarType.{type}, device: x.device)", $"x + torch.ones(4, 10, dtype: ScalarType.{type}, device: x.device) * torch.zeros(10, dtype: ScalarType.{type}, device: x.device)",
        $"torch.where((x.abs() * 3).to(ScalarType.{type}) == torch.full(4, 10, 1, dtype: ScalarType.{type}, device: x.device), x, y)", $"torch.where((x.abs() * 3).to(ScalarType.{type}) > (y.abs() * 3).to(ScalarType.{type}), x, y)", $"torch.where((x.abs() * 3).to(ScalarType.{type}) != 1, x, y)",
        $"torch.cat(new[] {{ (x.abs() * 3).to(ScalarType.{type}), (y.abs() * 3).to(ScalarType.{type}) }}, 1).to(ScalarType.Float64).select(1, 2) * x.select(1, 0)",
    }).Select(e => new MemberSample(e));
}
