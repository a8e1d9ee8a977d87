using GShard.Compiler.Operators;
using GShard.Generator.Surface;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GShard.Generator.Tests.Reading;

public class SurfaceTests
{
    [Fact]
    public void Every_row_names_an_operator_with_a_rule() =>
        Assert.All(ApiTable.All, row => Assert.NotNull(OperatorTable.Find(row.Operator)));

    [Fact]
    public void Every_recipe_is_made_of_operators_with_rules() =>
        Assert.All(RecipeTable.All.SelectMany(r => r.Body.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>()), call =>
            Assert.True(call.Expression.ToString() is "size" or "channelwise" or "squeeze_unless" || OperatorTable.Find(call.Expression.ToString()) is not null, call.ToString()));

    [Fact]
    public void Every_row_names_a_member_of_the_binding()
    {
        var compilation = ModelCompilation.Of();
        var containers = new Dictionary<char, string>
        {
            ['T'] = "TorchSharp.torch+Tensor",
            ['t'] = "TorchSharp.torch",
            ['f'] = "TorchSharp.torch+nn+functional",
            ['s'] = "TorchSharp.torch+special",
            ['l'] = "TorchSharp.torch+linalg",
        };
        var missing = ApiTable.All.Select(row => (row.Containers, row.Method)).Concat(RecipeTable.All.Select(recipe => (recipe.Containers, recipe.Method)))
            .Concat(SpecialMembers.All.Select(member => (member.Containers, member.Method)))
            .SelectMany(row => row.Containers.Select(c => (Container: containers[c], row.Method)))
            .Where(p => compilation.GetTypeByMetadataName(p.Container) is not { } type || type.GetMembers(p.Method).IsEmpty)
            .Select(p => p.Container + "." + p.Method).Distinct();
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("x.max(-1).values", "values: float[B,T], indices: i64[B,T] = max_dim[dim=-1](x)")]
    [InlineData("x.max()", "amax: float[] = amax(x)")]
    [InlineData("x.clamp(0, n)", "clamp: float[B,T,M] = clamp[min=`0`, max=`n`](x)")]
    [InlineData("x.std(0, unbiased: false)", "std: float[T,M] = std[dims=[0], correction=0](x)")]
    [InlineData("x.sum(-1, keepdim: true)", "sum: float[B,T,1] = sum[dims=[-1], keepdim=true](x)")]
    [InlineData("x.amax(new long[] { 1, 2 })", "amax: float[B] = amax[dims=[1, 2]](x)")]
    [InlineData("x.expand(2, -1, -1, -1)", "expand: float[2,B,T,M] = expand[shape=[2, B, T, M]](x)")]
    [InlineData("x.unsqueeze(-1).squeeze(-1)", "unsqueeze: float[B,T,M,1] = unsqueeze[dim=-1](x)\nsqueeze: float[B,T,M] = squeeze[dim=-1](unsqueeze)")]
    [InlineData("torch.stack(new[] { x, x }, 1)", "stack: float[B,2,T,M] = stack[dim=1](x, x)")]
    [InlineData("x.split(new long[] { 2, 3 }, 1)[1]", "narrow: float[B,2,M] = narrow[dim=1, start=0, length=2](x)\nnarrow2: float[B,3,M] = narrow[dim=1, start=2, length=3](x)")]
    [InlineData("x.cumsum(1)", "cumsum: float[B,T,M] = cumsum[dim=1](x)")]
    [InlineData("x.to(torch.float64)", "to: f64[B,T,M] = to[f64](x)")]
    [InlineData("x.to(x.device).contiguous().cos()", "cos: float[B,T,M] = cos(x)")]
    [InlineData("functional.log_softmax(x, 1)", "logSoftmax: float[B,T,M] = log_softmax[dim=1](x)")]
    [InlineData("functional.leaky_relu(x)", "leakyRelu: float[B,T,M] = leaky_relu[negative_slope=`0.01`](x)")]
    [InlineData("functional.layer_norm(x, new[] { x.shape[2] })", "normed: float[B,T,M], mean: float[B,T,1], rstd: float[B,T,1] = layer_norm_plain[dims=1, eps=`1E-05`](x)")]
    [InlineData("functional.linear(x, w)", "linear: float[B,T,K] = linear(x, w)")]
    [InlineData("functional.mse_loss(x, x)", "sub: float[B,T,M] = sub(x, x)\nsquare: float[B,T,M] = square(sub)\nmean: float[] = mean(square)")]
    [InlineData("functional.scaled_dot_product_attention(x, x, x, is_casual: true)", "scaledDotProductAttention: float[B,T,M] = scaled_dot_product_attention[is_causal=true](x, x, x)")]
    [InlineData("functional.pad(x, new long[] { 1, 2 })", "pad: float[B,T,M+3] = pad[pad=[1, 2], value=`0`](x)")]
    [InlineData("torch.full(2, n, 1.5) * x.sum()", "full: float[2,n] = full[float, shape=[2, n], value=`1.5`]()\nsum: float[] = sum(x)\nmul: float[2,n] = mul(full, sum)")]
    [InlineData("x.pow(2) % 3", "pow: float[B,T,M] = pow_scalar[value=`2`](x)\nremainder: float[B,T,M] = remainder_scalar[value=`3`](pow)")]
    [InlineData("2 > x", "lt: bool[B,T,M] = lt_scalar[value=`2`](x)")]
    [InlineData("x.flatten(0, 1).T", "reshape: float[B*T,M] = reshape[shape=[B*T, M]](x)\ntranspose: float[M,B*T] = transpose[dim0=0, dim1=1](reshape)")]
    [InlineData("x.roll(1, 2)", "roll: float[B,T,M] = roll[shifts=[1], dims=[2]](x)")]
    public void Members_are_read(string expression, string expected)
    {
        var body = Reader.Body(Reader.Model($"=> {expression};", "private readonly long n; [Shape(\"K M\")] private readonly Parameter w;"));
        Assert.Equal(expected, body[..body.LastIndexOf('\n')]);
    }
}
