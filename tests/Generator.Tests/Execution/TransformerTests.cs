namespace GShard.Generator.Tests.Execution;

/// <summary>Attention modules and Transformers of TorchSharp: batches and heads split, masks of both kinds, against the plain module.</summary>
public class TransformerTests
{
    private const string Queries = "[Split(1, \"d\"), Shape(\"L N 8\")] Tensor x", Keys = "[Split(1, \"d\"), Shape(\"S N 8\")] Tensor y";

    private static string Model(string module, string made, string body, string inputs, string annotations = "")
    {
        var tensors = string.Join(", ", Enumerable.Repeat("Tensor", inputs.Split("Tensor ").Length));
        return $$"""
            [Sharded, Mesh("d"), Mesh("m")]
            public sealed partial class Model : nn.Module<{{tensors}}>
            {
                {{annotations}}
                private readonly {{module}} layer = {{made}};
                public Model() : base("model") { RegisterComponents(); }
                [return: Split(1, "d")]
                public override Tensor forward({{inputs}}) => {{body}};
            }
            """;
    }

    private static void Check(string source, params object[] arguments)
    {
        var model = CompiledModel.Of(source);
        foreach (var mesh in new[] { "d=1, m=2", "d=2, m=1", "d=2, m=2" }) Equivalence.Check(model, mesh, "forward", arguments);
    }

    [Theory]
    [InlineData("MultiheadAttention(8, 2)", "layer.call(x, y, y).Item1", "")]
    [InlineData("MultiheadAttention(8, 2)", "layer.call(x, y, y, need_weights: false).Item1", "")]
    [InlineData("MultiheadAttention(8, 2, bias: false, add_zero_attn: true)", "layer.call(x, y, y).Item1", "")]
    [InlineData("MultiheadAttention(8, 4, add_bias_kv: true, add_zero_attn: true)", "layer.call(x, y, y, need_weights: false).Item1", "")]
    [InlineData("MultiheadAttention(8, 2, kdim: 6, vdim: 4)", "layer.call(x, y.narrow(2, 0, 6), y.narrow(2, 2, 4)).Item1", "")]
    [InlineData("MultiheadAttention(8, 2)", "layer.call(x, y, y).Item1", "[Split(0, \"m\", Parameter = \"in_proj_weight\"), Split(1, \"m\", Parameter = \"out_proj.weight\")]")]
    [InlineData("MultiheadAttention(8, 2)", "layer.call(x, y, y).Item1 * layer.call(x, y, y).Item2.square().sum(2).transpose(0, 1).unsqueeze(2)", "")]
    [InlineData("MultiheadAttention(8, 2)", "layer.call(x, y, y, attn_mask: torch.ones(x.shape[0], y.shape[0], dtype: ScalarType.Bool, device: x.device).triu(2)).Item1", "")]
    [InlineData("MultiheadAttention(8, 2, add_bias_kv: true)", "layer.call(x, y, y, attn_mask: torch.ones(x.shape[0], y.shape[0], dtype: ScalarType.Bool, device: x.device).triu(2)).Item1", "")]
    public void Attention(string made, string body, string annotations) =>
        Check(Model("MultiheadAttention", made, body, Queries + ", " + Keys, annotations), Equivalence.Random(1, 3, 4, 8), Equivalence.Random(2, 5, 4, 8));

    [Fact]
    public void Masks_from_outside() => Check(
        Model("MultiheadAttention", "MultiheadAttention(8, 2)", "layer.call(x, y, y, key_padding_mask: padding, attn_mask: bias).Item1", Queries + ", " + Keys + ", [Split(0, \"d\"), Shape(\"N S\")] Tensor padding, [Replicate, Shape(\"L S\")] Tensor bias"),
        Equivalence.Random(1, 3, 4, 8), Equivalence.Random(2, 5, 4, 8), Equivalence.Random(3, 4, 5) > 0.6, Equivalence.Random(4, 3, 5));

    [Theory]
    [InlineData("TransformerEncoderLayer", "TransformerEncoderLayer(8, 2, 12, 0)", "layer.call(x)")]
    [InlineData("TransformerEncoderLayer", "TransformerEncoderLayer(8, 4, 12, 0, Activations.GELU)", "layer.forward(x)")]
    [InlineData("TransformerEncoderLayer", "TransformerEncoderLayer(8, 2, 12, 0)", "layer.call(x, torch.ones(x.shape[0], x.shape[0], dtype: ScalarType.Bool, device: x.device).triu(1))")]
    [InlineData("TransformerEncoder", "TransformerEncoder(TransformerEncoderLayer(8, 2, 12, 0), 2)", "layer.call(x)")]
    [InlineData("TransformerEncoderLayer", "TransformerEncoderLayer(8, 2, 12, 0)", "layer.call(x)",
        "[Split(0, \"m\", Parameter = \"linear1.weight\"), Split(0, \"m\", Parameter = \"linear1.bias\"), Split(1, \"m\", Parameter = \"linear2.weight\")]")]
    [InlineData("TransformerEncoder", "TransformerEncoder(TransformerEncoderLayer(8, 2, 12, 0), 2)", "layer.call(x)",
        "[Split(0, \"m\", Parameter = \"layers.0.linear1.weight\"), Split(0, \"m\", Parameter = \"layers.1.self_attn.in_proj_weight\")]")]
    public void Encoders(string module, string made, string body, string annotations = "") => Check(Model(module, made, body, Queries, annotations), Equivalence.Random(1, 3, 4, 8));

    [Theory]
    [InlineData("TransformerDecoderLayer", "TransformerDecoderLayer(8, 2, 12, 0)", "layer.call(x, y)")]
    [InlineData("TransformerDecoderLayer", "TransformerDecoderLayer(8, 2, 12, 0, Activations.GELU)", "layer.call(x, y, torch.ones(x.shape[0], x.shape[0], dtype: ScalarType.Bool, device: x.device).triu(1))")]
    [InlineData("TransformerDecoder", "TransformerDecoder(TransformerDecoderLayer(8, 2, 12, 0), 2)", "layer.call(x, y)")]
    public void Decoders(string module, string made, string body) => Check(Model(module, made, body, Queries + ", " + Keys), Equivalence.Random(1, 3, 4, 8), Equivalence.Random(2, 5, 4, 8));
}
