using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Diagnostics;

public class UnsupportedDiagnosticTests
{
    [Theory]
    [InlineData("{ {|GSH4001:while (deep) x = x.relu();|} return x; }", "write 'for' over a constant range")]
    [InlineData("{ for (var i = 0; i < 3; i++) { if (deep) {|GSH4001:continue;|} x = x.relu(); } return x; }", "put the rest of the turn into an 'if'")]
    [InlineData("{ switch ({|GSH4009:x|}) { default: return x; } }", "A switch chooses by a host value")]
    [InlineData("{ {|GSH4001:try { x = x.relu(); } finally { }|} return x; }", "'try' is not compiled")]
    [InlineData("{ if (deep) {|GSH4001:throw new Exception();|} return x; }", "check what can be checked in the constructor")]
    [InlineData("{ {|GSH4001:Console.WriteLine(deep)|}; return x; }", "is not used")]
    [InlineData("{ for (var i = 0; {|GSH4001:i < n|}; i++) x = x.relu(); return x; }", "The number of turns is not constant")]
    [InlineData("{ {|GSH4001:scale|} = 2.0; return x; }", "may not change fields")]
    [InlineData("{ var y = x; void Twice() { y = y * 2; } {|GSH4001:Twice()|}; return y; }", "The value of this expression is not used")]
    [InlineData("{ var y = x; Tensor Twice() { y = y * 2; return y; } return {|GSH4001:Twice()|}; }", "The local function 'Twice' changes 'y' of the method around it")]
    public Task Statements(string body, string message) => Check(body, message);

    [Theory]
    [InlineData("=> {|GSH4003:x.inverse()|};", "'Tensor.inverse' with these arguments is not known to the compiler")]
    [InlineData("=> {|GSH4003:x.is_sparse|} ? x : -x;", "'Tensor.is_sparse' is not known to the compiler")]
    [InlineData("{ {|GSH4011:x.relu_()|}; return x; }", "'relu_' changes 'x' in place, which is not compiled where it is the caller's, a parameter of the model, or carried by a loop; write 'relu', which makes a new tensor, as in x = x.relu(…).")]
    [InlineData("{ var y = x * 2; var z = y; {|GSH4011:y.add_(1)|}; return z + y; }", "where it is 'z' as well; write 'add'")]
    [InlineData("{ var y = x * 2; var z = y.transpose(1, 2); {|GSH4011:y.add_(1)|}; return z.sum() + y; }", "may share memory with what 'transpose' made of it")]
    [InlineData("{ var y = x.reshape(x.shape); {|GSH4011:y.add_(1)|}; return y; }", "may share memory with what 'reshape' was given")]
    [InlineData("{ var y = x * 2; return y + {|GSH4011:y.add_(1)|}; }", "is used besides in this statement")]
    [InlineData("{ var y = x * 2; return Plus(y) + y; }", "is the caller's", "private static Tensor Plus(Tensor v) { {|GSH4011:v.add_(1)|}; return v; }")]
    [InlineData("=> {|GSH4011:functional.relu(x, inplace: true)|};", "'relu' changes 'x' in place")]
    [InlineData("=> {|GSH4009:x.masked_select(x > 0)|};", "choose by torch.where or masked_fill")]
    [InlineData("=> {|GSH4009:x[x > 0]|};", "How many elements a mask chooses depends on its values")]
    [InlineData("=> {|GSH4003:torch.polar(x, x).sigmoid()|};", "take .real and .imag")]
    [InlineData("=> {|GSH4005:torch.view_as_real(x * 2)|};", "is real, for it is made by 'mul_scalar'")]
    [InlineData("{ var z = x * 2; {|GSH4009:z[x > 0]|} = x; return z; }", "How many elements a mask takes")]
    [InlineData("=> {|GSH4005:functional.pad(x, new long[] { -1, 0 }, TorchSharp.PaddingModes.Reflect)|};", "cut the tensor with narrow")]
    [InlineData("=> {|GSH4005:functional.adaptive_max_pool1d(x, 7)|};", "only where the sizes divide")]
    [InlineData("=> {|GSH4003:x.cdouble().sigmoid()|};", "'Tensor.sigmoid' of complex tensors is not known")]
    [InlineData("=> {|GSH4009:x.sum().item<float>()|} > 0 ? x : -x;", "depend on a tensor's values")]
    [InlineData("=> x.softmax({|GSH4005:n|});", "The argument 'dim' of 'softmax' must be a constant")]
    [InlineData("=> x.logsumexp(1).sum(dim: {|GSH4005:n|});", "The argument 'dim' of 'sum' must be")]
    [InlineData("=> {|GSH4003:other|} == null ? x : x;", "keep host values in fields of type int, long, double")]
    [InlineData("=> {|GSH4002:x is { ndim: 2 }|} ? x : x;", "Only host values are tested by patterns")]
    [InlineData("=> n is {|GSH4002:{ }|} ? x : -x;", "Constants, comparisons, 'and', 'or', 'not' and '_' are compiled as patterns")]
    [InlineData("=> {|GSH4007:conv|}.forward(x);", "The modules of the Sequential 'conv' are not all visible and known; make it in the class from known modules")]
    [InlineData("=> {|GSH4007:error|}.forward(x);", "which the compiler does not know; mark the type with [Sharded], or write its operators in this method.")]
    [InlineData("{ for (var i = 0; i < {|GSH4007:list|}.Count; i++) x = list[i].forward(x); return x; }", "'list' is a list of modules that are not marked [Sharded]")]
    public Task Expressions(string body, string message, string members = "") => Check(body, message, members);

    [Fact]
    public Task A_condition_on_a_tensor() => Check("=> {|GSH4009:(x > 0).any().ToBoolean()|} ? x : -x;", "'ToBoolean' makes the program depend on a tensor's values");

    [Fact]
    public Task A_helper_that_calls_itself() => Check("=> Again(x);", "'Again' calls itself", "private Tensor Again(Tensor v) => {|GSH4006:Again(v * 2)|};");

    [Fact]
    public Task A_module_that_contains_itself() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Model inner;
            public Model(Model inner) : base("model") { this.inner = inner; }
            public override Tensor forward([Shape("B M")] Tensor x) => {|GSH4006:inner.forward(x)|};
        }
        """, "'Model' contains itself");

    [Fact]
    public Task A_submodule_with_errors_of_its_own() => Markup.Check("""
        [Sharded]
        public partial class Inner : nn.Module<Tensor, Tensor>
        {
            public Inner() : base("inner") { }
            public override Tensor forward([Shape("B M")] Tensor x) => {|GSH1001:x.sum(5)|};
        }

        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Inner inner = new();
            public Model() : base("model") { }
            public override Tensor forward([Shape("B M")] Tensor x) => {|GSH4008:inner.forward(x)|};
        }
        """, "dim 5 is out of range", "because 'Inner' has errors of its own; correct them first.");

    [Fact]
    public Task A_parameter_that_is_no_tensor() => Markup.Check("""
        [Sharded]
        public partial class Model : nn.Module<Tensor, object, Tensor>
        {
            public Model() : base("model") { }
            public override Tensor forward([Shape("B M")] Tensor x, {|GSH4010:object n|}) => x;
        }
        """, "takes tensors and host values of type int, long, double, float, bool, string or an enum");

    [Fact]
    public Task An_argument_that_is_no_host_value() => Markup.Check("""
        [Sharded]
        public partial class Inner : nn.Module<Tensor, double, Tensor>
        {
            public Inner() : base("inner") { }
            public override Tensor forward([Shape("B M")] Tensor x, double scale) => x * scale;
        }

        [Sharded]
        public partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly Inner inner = new();
            private readonly ModuleList<Inner> list = new();
            public Model() : base("model") { }
            public override Tensor forward([Shape("B M")] Tensor x)
            {
                for (var i = 0; i < list.Count; i++) x = list[i].forward(x, {|GSH4002:i * 0.5|});
                return inner.forward(x, 0.5);
            }
        }
        """, "The index of a loop over 'list' stands for list[i] only");

    [Fact]
    public Task A_dropout_module_whose_probability_is_hidden() => Check(
        "=> {|GSH4005:drop.forward(x)|};", "call Sharding.Dropout(x, field, training)", "private readonly Dropout drop = Dropout(Environment.ProcessorCount / 100.0);");

    [Fact]
    public Task Maxima_of_bags_that_begin_at_offsets() => Check(
        "=> x + {|GSH4005:bags.call(x.argmax(0).flatten(), x.argmax(0).flatten())|}.sum();", "give the ids as a matrix [bags, length], filled up with a padding_index", "private readonly EmbeddingBag bags = EmbeddingBag(4, 3, mode: EmbeddingBagMode.Max);");

    private static Task Check(string body, string message, string members = "") =>
        Markup.Check(Reader.Model(body, members + "private readonly bool deep; private readonly int n; private double scale; private readonly object other; private readonly Sequential conv; private readonly nn.Module<Tensor, Tensor> error; private readonly ModuleList<Linear> list;"), message);
}
