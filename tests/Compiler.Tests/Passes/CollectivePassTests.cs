using GShard.Compiler.Passes;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Passes;

/// <summary>The passes over collectives do what their documentation shows.</summary>
public sealed class CollectivePassTests
{
    [Fact]
    public void An_all_reduce_of_which_each_rank_keeps_a_slice_becomes_a_reduce_scatter()
    {
        var before = Parser.Parse(
            """
            mesh data, model
            func forward(x: float[B,M] P(data) P(model)) {
              y: float[B,M] P(data) = all_reduce[model](x)
              z: float[B,M] = all_reduce[data](y)
              part: float[B,M@model] = slice[model, dim=1](z)
              return part
            }
            """);
        Assert.Equal(
            """
            mesh data, model
            func forward(x: float[B,M] P(data) P(model)) {
              y: float[B,M@model] P(data) = reduce_scatter[model, dim=1](x)
              part: float[B,M@model] = all_reduce[data](y)
              return part
            }

            """,
            ReduceScatters.Run(before).ToString());
    }

    [Fact]
    public void An_all_reduce_that_is_also_used_whole_stays()
    {
        var before = Parser.Parse(
            """
            mesh model
            func forward(x: float[B,M] P(model)) {
              y: float[B,M] = all_reduce[model](x)
              part: float[B,M@model] = slice[model, dim=1](y)
              return y, part
            }
            """);
        Assert.Equal(before.ToString(), ReduceScatters.Run(before).ToString());
    }

    [Fact]
    public void A_sum_of_all_reduced_values_is_reduced_once()
    {
        var before = Parser.Parse(
            """
            mesh model
            func forward(x: float[B,M], a: float[B,M] P(model), b: float[B,M] P(model)) {
              a2: float[B,M] = all_reduce[model](a)
              y: float[B,M] = add(x, a2)
              b2: float[B,M] = all_reduce[model](b)
              c: float[B,M] = mul_scalar[value=`0.5`](b2)
              z: float[B,M] = add(y, c)
              return z
            }
            """);
        Assert.Equal(
            """
            mesh model
            func forward(x: float[B,M], a: float[B,M] P(model), b: float[B,M] P(model)) {
              c: float[B,M] P(model) = mul_scalar[value=`0.5`](b)
              z2: float[B,M] P(model) = add(a, c)
              a3: float[B,M] = all_reduce[model](z2)
              z: float[B,M] = add(a3, x)
              return z
            }

            """,
            Reassociation.Run(before).ToString());
    }

    [Fact]
    public void Independent_all_reduces_become_one_where_the_last_of_them_stood()
    {
        var before = Parser.Parse(
            """
            mesh data
            func Backward(dW: float[M,H] P(data), dB: float[H] P(data), x: float[B]) {
              dW2: float[M,H] = all_reduce[data](dW)
              accumulate[w](dW2)
              y: float[B] = tanh(x)
              dB2: float[H] = all_reduce[data](dB)
              accumulate[b](dB2)
              return y
            }
            """);
        Assert.Equal(
            """
            mesh data
            func Backward(dW: float[M,H] P(data), dB: float[H] P(data), x: float[B]) {
              y: float[B] = tanh(x)
              dW2: float[M,H], dB2: float[H] = all_reduce[data](dW, dB)
              accumulate[w](dW2)
              accumulate[b](dB2)
              return y
            }

            """,
            CombinedCollectives.Run(before, null).Forward.ToString());
    }

    [Fact]
    public void Gradients_over_two_axes_go_in_one_all_reduce_over_each()
    {
        var before = Parser.Parse(
            """
            mesh data, model
            func Backward(dW: float[M] P(data) P(model), dV: float[M] P(data) P(model)) {
              dW2: float[M] P(model) = all_reduce[data](dW)
              dW3: float[M] = all_reduce[model](dW2)
              accumulate[w](dW3)
              dV2: float[M] P(model) = all_reduce[data](dV)
              dV3: float[M] = all_reduce[model](dV2)
              accumulate[v](dV3)
              return
            }
            """);
        Assert.Equal(
            """
            mesh data, model
            func Backward(dW: float[M] P(data) P(model), dV: float[M] P(data) P(model)) {
              dW2: float[M] P(model), dV2: float[M] P(model) = all_reduce[data](dW, dV)
              dW3: float[M], dV3: float[M] = all_reduce[model](dW2, dV2)
              accumulate[w](dW3)
              accumulate[v](dV3)
              return
            }

            """,
            CombinedCollectives.Run(before, null).Forward.ToString());
    }

    [Fact]
    public void A_value_that_is_needed_closes_its_bucket_and_a_full_bucket_begins_another()
    {
        var before = Parser.Parse(
            """
            mesh data
            func f(a: float[B] P(data), b: float[B] P(data), big: float[4096,4096] P(data), c: float[B] P(data)) {
              a2: float[B] = all_reduce[data](a)
              y: float[B] = tanh(a2)
              b2: float[B] = all_reduce[data](b)
              big2: float[4096,4096] = all_reduce[data](big)
              c2: float[B] = all_reduce[data](c)
              return y, b2, big2, c2
            }
            """);
        Assert.Equal(before.ToString(), CombinedCollectives.Run(before, null).Forward.ToString());
    }

    [Fact]
    public void Gathers_and_scatters_go_together_each_along_its_dim()
    {
        var before = Parser.Parse(
            """
            mesh data
            func f(a: float[B@data,M], b: float[M,B@data], dW: float[M,H] P(data), dV: float[H,M] P(data)) {
              a2: float[B,M] = all_gather[data, dim=0](a)
              dW2: float[M@data,H] = reduce_scatter[data, dim=0](dW)
              accumulate[w](dW2)
              b2: float[M,B] = all_gather[data, dim=1](b)
              y: float[B,M] = tanh(a2)
              dV2: float[H,M@data] = reduce_scatter[data, dim=1](dV)
              accumulate[v](dV2)
              return y, b2
            }
            """);
        Assert.Equal(
            """
            mesh data
            func f(a: float[B@data,M], b: float[M,B@data], dW: float[M,H] P(data), dV: float[H,M] P(data)) {
              a2: float[B,M], b2: float[M,B] = all_gather[data, dims=[0, 1]](a, b)
              y: float[B,M] = tanh(a2)
              dW2: float[M@data,H], dV2: float[H,M@data] = reduce_scatter[data, dims=[0, 1]](dW, dV)
              accumulate[w](dW2)
              accumulate[v](dV2)
              return y, b2
            }

            """,
            CombinedCollectives.Run(before, null).Forward.ToString());
    }

    [Fact]
    public void A_gradient_is_summed_last_over_the_axis_that_splits_updates()
    {
        var before = Parser.Parse(
            """
            mesh data, model
            func Backward(dW: float[M] P(data) P(model)) {
              dW2: float[M] P(model) = all_reduce[data](dW)
              dW3: float[M] = all_reduce[model](dW2)
              accumulate[w](dW3)
              return
            }
            """);
        Assert.Same(before, UpdateReductions.Run(before));
        Assert.Equal(
            """
            mesh data, model
            func Backward(dW: float[M] P(data) P(model)) {
              dW2: float[M] P(data) = all_reduce[model](dW)
              dW3: float[M] = all_reduce[data](dW2)
              accumulate[w](dW3)
              return
            }

            """,
            UpdateReductions.Run(before with { Mesh = new([new("data", null) { SplitsUpdates = true }, new("model", null)]) }).ToString());
    }
}
