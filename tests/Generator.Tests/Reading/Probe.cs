namespace GShard.Generator.Tests.Reading;
public class Probe
{
    [Fact]
    public void Print()
    {
        void P(string s) { try { Console.WriteLine("-----\n" + Reader.Body(s)); } catch (Exception e) { Console.WriteLine("!!!! " + s + e.Message); } }
        P(Reader.Model("=> (x * 2 + 1 - x / 3).relu();"));
        P(Reader.Model("{ var y = x; y += 1; x = 2 - y; return 1.0f / x; }"));
        P(Reader.Model("=> x[.., ..3].select(0, 1) + x[0, 1..4, ^2];"));
        P(Reader.Model("=> x[TensorIndex.Ellipsis, TensorIndex.Slice(1, 5)].unsqueeze(0)[TensorIndex.None];"));
        P(Reader.Model("{ var (a, b) = Halves(x); return torch.cat(new[] { b, a }, -1); }", "private (Tensor, Tensor) Halves(Tensor x) { var parts = x.chunk(2, -1); return (parts[0], parts[1]); }"));
        P(Reader.Model("{ for (var i = 0; i < 3; i++) x = x + i; return x; }"));
        P(Reader.Model("{ if (deep) { x = x.exp(); return x; } var y = x.tanh(); return y; }", "private readonly bool deep;"));
        P(Reader.Model("=> kind switch { 1 => x.relu(), 2 => functional.gelu(x), _ => x.tanh() };", "private readonly int kind;"));
        P(Reader.Model("{ double s = 3; return x * (s / 2) * Math.Max(heads, 2) * scale; }", "private readonly int heads; private readonly double scale;"));
        P(Reader.Model("=> x.view(x.shape[0], -1, heads, x.shape[^1] / heads).permute(0, 2, 1, 3).flatten(1, 2);", "private readonly long heads;"));
        P(Reader.Model("=> act.forward(down.call(up.forward(x)));", "private readonly Linear up = Linear(4, 8); private readonly Linear down = Linear(8, 4, hasBias: false); private readonly ReLU act = ReLU();"));
        P(Reader.Model("=> norm.forward(drop.forward(x));", "private readonly LayerNorm norm = LayerNorm(new long[] { 4, 8 }); private readonly Dropout drop = Dropout(0.25);"));
        P(Reader.Model("{ using var scope = torch.NewDisposeScope(); using var y = x.mean(new long[] { -1 }, keepdim: true); var z = (x - y).square().sum(0, 1); y.Dispose(); return z.MoveToOuterDisposeScope(); }"));
        P(Reader.Model("=> functional.cross_entropy(x.view(-1, x.shape[2]), t.view(-1), ignore_index: 0);", arguments: "[Shape(\"B T\")] Tensor t"));
        P(Reader.Model("=> torch.where(m, x, torch.zeros_like(x)) + (x > 0).to_type(x.dtype) + torch.arange(x.shape[2]);", arguments: "[Shape(\"B T 1\")] Tensor m"));
        P(Reader.Model("{ var (v, i) = torch.topk(x, 2, -1); return v; }"));
        P(Reader.Model("=> x.max(-1).values;"));
        P(Reader.Model("=> Sharding.Replicate(x) + Sharding.Split(x, -1, 4);"));
        P(Reader.Model("{ (x, var y) = (x + 1, x * 2); return x.matmul(y.transpose(-2, -1)) / (n > 2 ? 2.0 : 3.0); }", "private readonly int n;"));
        P(Reader.Model("=> functional.scaled_dot_product_attention(x, x, x, is_casual: true);"));
        P(Reader.Model("=> functional.layer_norm(x, new[] { x.shape[2] }).clamp(0, 1).pow(2).amax(new long[]{-1}).std(0);"));
    }
}
