using GShard.Compiler.Operators;
using GShard.Compiler.Rules;

namespace GShard.Compiler.Tests.Operators;

/// <summary>The rows of the design's operator table (docs: operator rules), by the names that it gives the factors.</summary>
public sealed class FactorTableTests
{
    [Theory]
    [InlineData("neg", "", "f64[5,4]", "a b -> a b", "joint 0")]
    [InlineData("relu", "", "f64[5,4]", "a b -> a b", "none")]
    [InlineData("add", "", "f64[5,4]; f64[5,4]", "a b, a b -> a b", "joint 0 1")]
    [InlineData("add", "", "f64[5,4]; f64[4]", "a b, b -> a b", "joint 0 1")]
    [InlineData("mul", "", "f64[5,4]; f64[5,1]", "a b, a 1 -> a b", "each 0 1")]
    [InlineData("div", "", "f64[5,4]; f64[5,4]", "a b, a b -> a b", "joint 0")]
    [InlineData("mul_scalar", "value=`2`", "f64[5,4]", "a b -> a b", "joint 0")]
    [InlineData("add_scalar", "value=`2`", "f64[5,4]", "a b -> a b", "none")]
    [InlineData("maximum", "", "f64[5,4]; f64[5,4]", "a b, a b -> a b", "none")]
    [InlineData("where", "", "bool[5,4]; f64[5,4]; f64[5,4]", "a b, a b, a b -> a b", "joint 1 2")]
    [InlineData("masked_fill", "value=`0`", "f64[5,4]; bool[5,4]", "a b, a b -> a b", "joint 0")]
    [InlineData("masked_fill", "value=`-1e9`", "f64[5,4]; bool[5,4]", "a b, a b -> a b", "none")]
    [InlineData("to", "f32", "bf16[5]", "a -> a", "joint 0")]
    [InlineData("to", "bf16", "f32[5]", "a -> a", "none")]
    [InlineData("to", "f32", "float[5]", "a -> a", "none")]
    [InlineData("matmul", "", "f64[5,4]; f64[4,3]", "m k, k n -> m n", "each 0 1", "k")]
    [InlineData("bmm", "", "f64[2,5,4]; f64[2,4,3]", "b m k, b k n -> b m n", "each 0 1", "k")]
    [InlineData("linear", "", "f64[2,5,4]; f64[3,4]", "b t i, o i -> b t o", "each 0 1", "i")]
    [InlineData("linear_bias", "", "f64[2,5,4]; f64[3,4]; f64[3]", "b t i, o i, o -> b t o", "none", "", "i")]
    [InlineData("einsum", "\"gsec,gsm->egcm\"", "f64[2,3,4,5]; f64[2,3,6]", "g s e c, g s m -> e g c m", "each 0 1", "s")]
    [InlineData("einsum", "\"egcm,gsec->gsm\"", "f64[4,2,5,6]; f64[2,3,4,5]", "e g c m, g s e c -> g s m", "each 0 1", "e c")]
    [InlineData("outer", "", "f64[5]; f64[4]", "i, j -> i j", "each 0 1")]
    [InlineData("scaled_dot_product_attention", "", "f64[2,3,5,4]; f64[2,3,6,4]; f64[2,3,6,7]", "b h q d, b h k d, b h k v -> b h q v", "joint 2", "", "d k")]
    [InlineData("sum", "dims=[1]", "f64[5,4]", "a b -> a", "joint 0", "b")]
    [InlineData("sum", "dims=[1], keepdim=true", "f64[5,4]", "a b -> a 1", "joint 0", "b")]
    [InlineData("mean", "dims=[1]", "f64[5,4]", "a b -> a", "joint 0", "b")]
    [InlineData("logsumexp", "dims=[1]", "f64[5,4]", "a b -> a", "none", "", "b")]
    [InlineData("softmax", "dim=1", "f64[5,4]", "a b -> a b", "none", "", "b")]
    [InlineData("layer_norm", "dims=1, eps=`1e-5`", "f64[5,3,4]; f64[4]; f64[4]", "a t b, b, b -> a t b, a t 1, a t 1", "none", "", "b")]
    [InlineData("rms_norm", "dims=1, eps=`1e-5`", "f64[5,3,4]; f64[4]", "a t b, b -> a t b", "joint 1", "", "b")]
    [InlineData("embedding", "", "f64[7,4]; i64[5,3]", "v d, b t -> b t d", "joint 0", "v", "")]
    [InlineData("index_select", "dim=1", "f64[5,4]; i64[3]", "a n, k -> a k", "joint 0", "n", "")]
    [InlineData("gather", "dim=1", "f64[5,4]; i64[5,3]", "a n, a k -> a k", "joint 0", "n", "")]
    [InlineData("scatter_add", "dim=1", "f64[5,4]; i64[5,3]; f64[5,3]", "a n, a k, a k -> a n", "joint 0 2", "", "k")]
    [InlineData("one_hot", "classes=6", "i64[5,3]", "b t -> b t c", "none", "", "")]
    [InlineData("nll_loss", "", "f64[5,4]; i64[5]", "b c, b -> b", "joint 0", "", "c")]
    [InlineData("topk", "dim=1, k=2", "f64[5,4]", "a n -> a k, a k", "none", "", "n k")]
    [InlineData("cumsum", "dim=1", "f64[5,4]", "a n -> a n", "joint 0", "", "n")]
    [InlineData("permute", "dims=[2,0,1]", "f64[5,4,3]", "a b c -> c a b", "joint 0")]
    [InlineData("reshape", "shape=[20,3]", "f64[5,4,3]", "a b c -> (a b) c", "joint 0")]
    [InlineData("reshape", "shape=[5,4,3]", "f64[20,3]", "(a b) c -> a b c", "joint 0")]
    [InlineData("reshape", "shape=[B,T,heads,M/heads]", "f64[B*T,M]", "(a b) (c d) -> a b c d", "joint 0")]
    [InlineData("reshape", "shape=[B,T,M]", "f64[B,T,heads,M/heads]", "a b c d -> a b (c d)", "joint 0")]
    [InlineData("reshape", "shape=[T,S]", "f64[S,T]", "a b -> c d", "joint 0", "", "", "", "a b c d")]
    [InlineData("unsqueeze", "dim=1", "f64[5,4]", "a b -> a 1 b", "joint 0")]
    [InlineData("expand", "shape=[5,4]", "f64[5,1]", "a 1 -> a n", "joint 0")]
    [InlineData("cat", "dim=1", "f64[5,4]; f64[5,3]", "a b, a c -> a d", "joint 0 1", "", "b c d")]
    [InlineData("stack", "dim=0", "f64[5,4]; f64[5,4]", "a b, a b -> n a b", "joint 0 1", "", "n")]
    [InlineData("narrow", "dim=1, start=1, length=2", "f64[5,4]", "a n -> a m", "joint 0", "", "n m")]
    [InlineData("pad", "pad=[1,1], value=`0`", "f64[5,4]", "a n -> a m", "joint 0", "", "n m")]
    [InlineData("pad", "pad=[1,1], value=`1`", "f64[5,4]", "a n -> a m", "none", "", "n m")]
    [InlineData("flip", "dims=[1]", "f64[5,4]", "a n -> a n", "joint 0", "", "", "n")]
    [InlineData("tril", "", "f64[2,5,4]", "b q k -> b q k", "joint 0", "", "")]
    [InlineData("conv1d", "", "f64[3,4,7]; f64[5,4,3]", "n c l, o c k -> n o m", "each 0 1", "c", "k", "l m")]
    [InlineData("conv2d", "", "f64[3,4,7,6]; f64[5,4,3,2]", "n c h w, o c k l -> n o p q", "each 0 1", "c", "k l", "h w p q")]
    [InlineData("max_pool2d", "kernel_size=[2,2]", "f64[3,4,6,8]", "n c h w -> n c p q", "none", "", "", "h w p q")]
    [InlineData("avg_pool1d", "kernel_size=[2]", "f64[3,4,6]", "n c l -> n c m", "joint 0", "", "", "l m")]
    [InlineData("cosine_similarity", "dim=1, eps=`1e-8`", "f64[5,4]; f64[5,4]", "b d, b d -> b", "none", "", "d")]
    [InlineData("top2_gating", "capacity=3", "f64[2,5,4]; !key", "g s e -> g s e c, g s e c, .", "none", "g", "s e c")]
    public void An_operator_has_the_factors_and_the_linearity_of_the_table(
        string name, string constants, string operands, string factors, string linearity, string reduced = "", string whole = "", string permuted = "", string blocked = "")
    {
        var signature = new OperatorSample(name, constants, operands.Split("; ")).Signature;
        // The table's names, given to the rule's factors in order of appearance.
        var names = factors.Split([' ', ',', '(', ')', '-', '>'], StringSplitOptions.RemoveEmptyEntries).Where(w => w is not ("1" or ".")).Distinct().ToList();
        Assert.Equal(names.Count, signature.Rule.Factors.Length);
        var renamed = signature.Rule with { Factors = [.. signature.Rule.Factors.Select((f, i) => f with { Name = names[i] })] };
        Assert.Equal(factors, renamed.ToString());
        string Of(FactorKind kind) => string.Join(" ", renamed.Factors.Where(f => f.Kind == kind).Select(f => f.Name));
        Assert.Equal((reduced, whole, permuted, blocked), (Of(FactorKind.Reduction), Of(FactorKind.NeedReplication), Of(FactorKind.Permutation), Of(FactorKind.Blocked)));
        Assert.Equal(linearity, signature.Linearity.Kind == LinearityKind.None ? "none" : signature.Linearity.Kind.ToString().ToLowerInvariant() + " " + string.Join(" ", signature.Linearity.Operands));
    }

    [Theory]
    [InlineData("matmul", "", "f64[5,4]; f64[3,4]", "matmul: 'k' is 4 in x0 (dim 1 of [5, 4]) and 3 in x1 (dim 0 of [3, 4]); they must be equal.")]
    [InlineData("linear", "", "f64[5,M]; f64[3,N]", "linear: 'i' is M in x0 (dim 1 of [5, M]) and N in x1 (dim 1 of [3, N]); they must be equal.")]
    [InlineData("softmax", "dim=2", "f64[5,4]", "softmax: dim 2 is out of range for x0, which has 2 dims: use -2 to 1.")]
    [InlineData("reshape", "shape=[3,7]", "f64[5,4]", "reshape: x0 [5, 4] has 20 elements, [3, 7] has 21.")]
    [InlineData("einsum", "\"ij,jk->ikl\"", "f64[5,4]; f64[4,3]", "einsum: \"ij,jk->ikl\" has 'l' in the result but in no operand.")]
    [InlineData("bmm", "", "f64[5,4]; f64[4,3]", "bmm: takes bmk and bkn -> bmn, but gets x0 [5, 4] and x1 [4, 3].")]
    [InlineData("narrow", "dim=1, start=3, length=2", "f64[5,4]", "narrow: 3 to 5 is not within dim 1 of x0, which has size 4.")]
    public void Shapes_that_do_not_agree_are_told_with_their_values(string name, string constants, string operands, string message) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(() => new OperatorSample(name, constants, operands.Split("; "))).Message);
}
