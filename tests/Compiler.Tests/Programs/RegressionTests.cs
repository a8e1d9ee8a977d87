using GShard.Compiler.Tests.Fuzzing;

namespace GShard.Compiler.Tests.Programs;

/// <summary>The smallest programs of faults that random programs have found, each held against the plain program forward and backward.</summary>
public sealed class RegressionTests
{
    [Fact]
    public void A_dim_over_two_axes_keeps_their_order_through_an_operator() => Passes(
        """
        mesh data, model
        func forward(x: float[E@model@data?,E?,6]) {
          y: float[E,E,5]? = avg_pool1d[kernel_size=[2], stride=[1]](x)
          return y
        }
        """,
        [("data", 2), ("model", 2)],
        new() { ["E"] = 3 });

    [Fact]
    public void Two_operands_split_over_the_same_axes_in_different_orders_are_brought_to_one() => Passes(
        """
        mesh data, model
        func forward(x: float[E@model@data], y: float[E@data@model]) {
          z: float[E]? = mul(x, y)
          return z
        }
        """,
        [("data", 2), ("model", 3)],
        new() { ["E"] = 5 });

    [Fact]
    public void The_size_of_a_dim_over_two_axes_is_known_by_its_name_only_when_it_is_whole() => Passes(
        """
        mesh model, expert
        func forward(x: float[E], weight w: float[T@expert@model], weight v: float[H]) {
          y: float[E+H+T]? = cat[dim=-1](x, w, v)
          return y
        }
        """,
        [("model", 1), ("expert", 2)],
        new() { ["T"] = 1, ["H"] = 1, ["E"] = 1 });

    [Fact]
    public void Gating_whose_combine_weights_get_no_cotangent_still_runs_over_the_groups_of_its_forward() => Passes(
        """
        mesh data
        func forward(weight gates: float[G@data,5,4]) {
          key: !key = next_key()
          combine: float[G,5,4,3]?, dispatch: float[G,5,4,3]?, aux: float[], saved: !top2 = top2_gating[capacity=3, training=`true`](gates, key)
          return aux
        }
        """,
        [("data", 2)],
        new() { ["G"] = 6 },
        domains: new() { ["gates"] = "positive" });

    [Fact]
    public void Gating_of_a_single_group_that_lies_split_runs_back_where_it_lies() => Passes(
        """
        mesh data
        func forward(weight gates: float[1@data,1,H]) {
          key: !key = next_key()
          combine: float[1,1,H,2]?, dispatch: float[1,1,H,2]?, aux: float[], saved: !top2 = top2_gating[capacity=2, training=`true`](gates, key)
          return aux
        }
        """,
        [("data", 2)],
        new() { ["H"] = 2 },
        domains: new() { ["gates"] = "positive" });

    [Fact]
    public void The_largest_along_the_first_dim_sends_its_gradient_back() => Passes(
        """
        mesh data
        func forward(x: float[T,M@data]) {
          largest: float[M]?, index: i64[M]? = max_dim[dim=0](x)
          return largest
        }
        """,
        [("data", 2)],
        new() { ["T"] = 4, ["M"] = 3 });

    [Fact]
    public void A_partial_sum_that_a_loop_uses_gets_zeros_to_add_its_cotangents_to() => Passes(
        """
        mesh data
        func forward(a: float[T@data,M], b: float[M]) {
          s: float[M]? = sum[dims=[0]](a)
          y: float[M]? = foreach[layers, item=layer](b) { |h: float[M]?|
            z: float[M]? = mul(h, s)
            n: float[M]? = tanh(z)
            yield n
          }
          r: float[M]? = neg(s)
          return y, r
        }
        """,
        [("data", 3)],
        new() { ["T"] = 4, ["M"] = 3 },
        members: new() { ["layers"] = ("mesh data func forward() { return }", 2) });

    [Fact]
    public void A_called_module_without_differentiable_results_is_not_called_backward() => Passes(
        """
        mesh model
        host flag
        func forward(x: float[M,3]) {
          y: float[M,3]? = if[condition=`flag`]() {
            yield x
          } {
            z: float[M,3] = call[sub.forward, results=[]](x)
            yield z
          }
          return y
        }
        """,
        [("model", 1)],
        new() { ["M"] = 1 },
        new() { ["flag"] = 0 },
        members: new() { ["sub"] = ("mesh model func forward(x: float[M,3]) { y: float[M,3]? = ones_like(x) return y }", null) });

    [Theory]
    [InlineData("float[B,H]")]
    [InlineData("float[B,H@model]")]
    [InlineData("float[B@model,H]")]
    public void A_size_that_only_a_called_modules_weights_have_is_read_where_it_returns(string result) => Passes(
        $$"""
        mesh model
        func forward(x: float[B,M]) {
          y: {{result}} = call[sub.forward, results=[0]](x)
          z: float[B,H]? = softmax[dim=-1](y)
          m: float[B]? = mean[dims=[1]](z)
          w: float[H]? = full[float, shape=[H], value=`0.5`]()
          v: float[B,H]? = mul(z, w)
          flat: float[B*H]? = reshape[shape=[B*H]](v)
          return m, flat
        }
        """,
        [("model", 2)],
        new() { ["B"] = 3, ["M"] = 2, ["H"] = 5 },
        members: new() { ["sub"] = ("mesh model func forward(x: float[B,M], weight w: float[M,H]) { y: float[B,H]? = matmul(x, w) z: " + result + " = constraint(y) return z }", null) });

    [Fact]
    public void A_collective_that_waits_for_another_runs_behind_it_though_its_bucket_was_begun_before() => Passes(
        """
        mesh data, model, expert
        rematerialize forward
        func forward(x1: float[M], weight w12: float[1,E], x13: i64[2,5@expert@data] R(model), weight w44: float[E@data@model,E], weight w54: float[E,M], x52: float[E,2,3,E]) {
          v14: float[2,5,E]? = embedding(w12, x13)
          v19: float[2,5,E]?, v20: float[2,5,1]?, v21: float[2,5,1]? = layer_norm_plain[dims=1, eps=`1e-5`](v14)
          v27: float[2,5,E]? = embedding(w12, x13)
          v45: float[2,5,E]? = matmul(v27, w44)
          v46: float[2,5,E]? = softmax[dim=-1](v45)
          key47: !key = next_key()
          v48: float[2,5,E,3]?, v49: float[2,5,E,3]?, v50: float[], v51: !top2 = top2_gating[capacity=3, training=`true`](v46, key47)
          v53: float[2,5,E]? = einsum["egcm,gsec->gsm"](x52, v48)
          v55: float[2,5,M]? = matmul(v19, w54)
          v69: float[2,5]? = matmul(v55, x1)
          return v53, v69
        }
        """,
        [("data", 1), ("model", 1), ("expert", 1)],
        new() { ["M"] = 1, ["E"] = 2 },
        domains: new() { ["x13"] = "below 1" });

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void A_rank_without_groups_of_a_convolution_has_a_weight_of_no_groups(int ranks) => Passes(
        """
        mesh model
        func forward(weight x: float[B,12,5], weight w: float[12,2,3], weight bias: float[12@model]) {
          y: float[B,12,5]? = conv1d[padding=[1], groups=6](x, w, bias)
          return y
        }
        """,
        [("model", ranks)],
        new() { ["B"] = 1 });

    [Fact]
    public void A_part_of_a_split_dim_that_is_the_whole_of_it_is_its_operand() => Passes(
        """
        mesh model
        func forward(weight w: float[1,1@model]) {
          y: float[1,1]? = narrow[dim=1, start=0, length=1](w)
          return y
        }
        """,
        [("model", 2)],
        []);

    [Fact]
    public void What_goes_into_a_loop_over_an_empty_list_comes_out_with_its_gradient() => Passes(
        """
        mesh data
        func forward(x: float[B], w: float[B,T], weight v: float[B]) {
          n: float[B,T]?, constant: float[B,1]?, rstd: float[B,1]? = layer_norm_plain[dims=1, eps=`1e-3`](w)
          flat: float[B]? = squeeze[dim=1](constant)
          z: float[B]? = foreach[layers, item=layer](x) { |h: float[B]?|
            yield flat
          }
          y: float[B]? = add(z, v)
          return y
        }
        """,
        [("data", 1)],
        new() { ["B"] = 2, ["T"] = 2 },
        members: new() { ["layers"] = ("mesh data\nfunc forward() {\n  return\n}", 0) });

    [Fact]
    public void What_looks_through_a_window_stays_where_it_is_though_its_dim_has_size_1() => Passes(
        """
        mesh data, expert
        func forward(x: float[1,T@data?,4,1@expert?]) {
          y: float[1,T,4,1]? = flip[dims=[-3, 3]](x)
          return y
        }
        """,
        [("data", 1), ("expert", 2)],
        new() { ["T"] = 2 });

    [Fact]
    public void A_single_channel_may_lie_split_under_a_convolution_over_a_split_dim() => Passes(
        """
        mesh model, expert
        func forward(weight w1: float[1,1@model,3@expert,3,2], weight w2: float[1,1,2,2,2], x3: float[1]) {
          v4: float[1,1,4,1,1]? = conv3d[stride=[1, 2, 1], padding=[1, 0, 0]](w1, w2, x3)
          return v4
        }
        """,
        [("model", 1), ("expert", 1)],
        []);

    [Fact]
    public void Of_two_large_weights_that_are_multiplied_one_goes_round_and_the_other_is_gathered()
    {
        var program = Compiler.Text.Parser.Parse(
            """
            mesh data
            func forward(weight a: float[B@data,M,K], weight b: float[H@data,K,T]) {
              wholeA: float[B,M,K] = all_gather[data, dim=0](a)
              wholeB: float[H,K,T] = all_gather[data, dim=0](b)
              y: float[B,H,M,T] = einsum["bmk,hkt->bhmt"](wholeA, wholeB)
              return y
            }
            """);
        var looped = Compiler.Passes.LoopedEinsums.Run(program, null).Forward;
        Assert.Equal(["all_gather", "einsum_loop"], looped.Body.Operations.Select(o => o.Name));
    }

    [Fact]
    public void A_merged_dim_on_devices_in_an_order_of_its_own_is_cut_into_equal_parts() => Passes(
        """
        mesh data
        func forward(x: float[T@data,M]) {
          flat: float[T*M]? = reshape[shape=[T*M]](x)
          placed: float[T*M@data] on(1, 0) = constraint(flat)
          y: float[] = sum[dims=[0]](placed)
          return y
        }
        """,
        [("data", 2)],
        new() { ["T"] = 1, ["M"] = 6 });

    private static void Passes(
        string text, (string, int)[] axes, Dictionary<string, long> sizes, Dictionary<string, double>? hosts = null,
        Dictionary<string, string>? domains = null, Dictionary<string, (string, int?)>? members = null)
    {
        var verdict = ProgramOracle.Check(FuzzCase.Read(text, axes, sizes, hosts, domains, members));
        Assert.True(verdict.Outcome == Outcome.Passed, verdict.Message);
    }
}
