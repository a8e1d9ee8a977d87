namespace GShard.Generator.Tests.Reading;

public class ControlFlowReadingTests
{
    [Fact]
    public void A_branch_on_a_host_value_yields_the_variables_it_changes() => Check(
        Reader.Model("{ var y = x; if (deep) y = x.exp(); return y + x; }", "private readonly bool deep;"), """
        y2: float[B,T,M] = if[condition=`deep`]() {
          y: float[B,T,M] = exp(x)
          yield y
        } {
          yield x
        }
        add: float[B,T,M] = add(y2, x)
        return add
        """);

    [Fact]
    public void An_early_return_makes_the_rest_the_other_branch() => Check(
        Reader.Model("{ if (deep) { x = x.exp(); return x; } var y = x.tanh(); return y; }", "private readonly bool deep;"), """
        chosen: float[B,T,M] = if[condition=`deep`]() {
          x2: float[B,T,M] = exp(x)
          yield x2
        } {
          y: float[B,T,M] = tanh(x)
          yield y
        }
        return chosen
        """);

    [Fact]
    public void A_constant_condition_leaves_one_branch() => Check(
        Reader.Model("{ const bool deep = true; return deep ? x.exp() : x.tanh(); }"), """
        exp: float[B,T,M] = exp(x)
        return exp
        """);

    [Fact]
    public void A_switch_expression_is_a_chain_of_branches() => Check(
        Reader.Model("=> kind switch { 1 => x.relu(), _ => x.tanh() };", "private readonly int kind;"), """
        chosen: float[B,T,M] = if[condition=`kind == 1`]() {
          relu: float[B,T,M] = relu(x)
          yield relu
        } {
          tanh: float[B,T,M] = tanh(x)
          yield tanh
        }
        return chosen
        """);

    [Fact]
    public void A_host_variable_that_branches_change_is_a_conditional() => Check(
        Reader.Model("{ var s = 1.0; if (deep) s = 2.0; return x * s; }", "private readonly bool deep;"), """
        mul: float[B,T,M] = mul_scalar[value=`deep ? 2.0 : 1.0`](x)
        return mul
        """);

    [Fact]
    public void A_loop_over_a_constant_range_is_unrolled() => Check(
        Reader.Model("{ for (var i = 1; i <= 2; i++) x = x * i; return x; }"), """
        x2: float[B,T,M] = mul_scalar[value=`1`](x)
        x3: float[B,T,M] = mul_scalar[value=`2`](x2)
        return x3
        """);

    [Fact]
    public void A_loop_over_modules_carries_what_its_body_assigns()
    {
        const string Source = """
            [Sharded]
            public sealed partial class Layer : nn.Module<Tensor, (Tensor y, Tensor loss)>
            {
                public Layer() : base("layer") { }
                [return: Split(0, "device", Result = "y")]
                public override (Tensor y, Tensor loss) forward([Split(0, "device"), Shape("B M")] Tensor x) => (x.relu(), x.sum());
            }

            [Sharded]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                private readonly ModuleList<Layer> layers = new();
                public Model() : base("model") { }
                public override Tensor forward([Split(0, "device"), Shape("N D")] Tensor x)
                {
                    var total = torch.zeros(1);
                    foreach (var layer in layers)
                    {
                        (x, var loss) = layer.forward(x);
                        total = total + loss;
                    }
                    return x.sum() + total;
                }
            }
            """;
        Assert.Equal("""
            total: float[1] = zeros[float, shape=[1]]()
            x5: float[N@device,D], total4: float[1] = foreach[layers, item=layer](x, total) { |x2: float[N@device,D], total2: float[1]|
              x3: float[N@device,D] = constraint(x2)
              x4: float[N@device,D], loss: float[] = call[layer.forward, results=[0, 1]](x3)
              total3: float[1] = add(total2, loss)
              yield x4, total3
            }
            sum: float[] = sum(x5)
            add: float[1] = add(sum, total4)
            return add
            """.ReplaceLineEndings("\n"), Reader.Body(Source, "Model"));
    }

    private static void Check(string source, string expected) => Assert.Equal(expected.ReplaceLineEndings("\n"), Reader.Body(source));
}
