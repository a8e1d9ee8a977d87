using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Top2_gating
{
    private const long Step = 3;

    public static TheoryData<int, int, int, int, bool, SlotRule> Cases
    {
        get
        {
            var cases = new TheoryData<int, int, int, int, bool, SlotRule>();
            (int G, int S, int E, int C)[] sizes = [(1, 1, 2, 1), (2, 7, 3, 1), (3, 16, 4, 2), (2, 33, 5, 14), (4, 40, 8, 10), (1, 64, 7, 3), (2, 20, 2, 50)];
            foreach (var (g, s, e, c) in sizes)
                foreach (var training in (bool[])[true, false])
                    foreach (var rule in Enum.GetValues<SlotRule>()) cases.Add(g, s, e, c, training, rule);
            return cases;
        }
    }

    /// <summary>Gates of every third token tie over all experts, those of others over some.</summary>
    private static Tensor Gates(int groups, int tokens, int experts, ScalarType dtype)
    {
        using var logits = Samples.Normal(groups + tokens + experts, [groups, tokens, experts]).mul(2).round();
        for (var s = 0; s < tokens; s += 3) logits[TensorIndex.Colon, TensorIndex.Single(s)] = 0;
        return logits.softmax(-1).to_type(dtype);
    }

    private static Tensor Uniform(int groups, int tokens)
    {
        CounterRandom.Seed(9);
        CounterRandom.BeginStep(Step);
        var key = CounterRandom.Next();
        CounterRandom.BeginStep(Step);
        return CounterRandom.Uniform(key, [groups, tokens], [groups, tokens], [0, 0], ScalarType.Float64, CPU);
    }

    private static (double[] Combine, double Aux) Expected(Tensor gates, int capacity, bool training, SlotRule rule)
    {
        var (groups, tokens, experts) = ((int)gates.shape[0], (int)gates.shape[1], (int)gates.shape[2]);
        var g = Samples.Doubles(gates);
        using var uniform = Uniform(groups, tokens);
        var u = Samples.Doubles(uniform);
        var combine = new List<double>();
        var aux = 0.0;
        for (var group = 0; group < groups; group++)
        {
            var matrix = new double[tokens, experts];
            for (var s = 0; s < tokens; s++)
                for (var e = 0; e < experts; e++) matrix[s, e] = g[(((group * tokens) + s) * experts) + e];
            var start = group * tokens;
            var (c, a) = Top2Algorithm.Group(matrix, capacity, training ? s => u[start + s] : null, rule);
            combine.AddRange(c);
            aux += a / groups;
        }
        return ([.. combine], aux);
    }

    private static void Matches(double[] expected, Tensor actual, double tolerance)
    {
        var values = Samples.Doubles(actual);
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], values[i], tolerance);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Is_the_papers_algorithm(int groups, int tokens, int experts, int capacity, bool training, SlotRule rule)
    {
        foreach (var (dtype, tolerance) in ((ScalarType, double)[])[(ScalarType.Float64, 1e-14), (ScalarType.Float32, 1e-6)])
        {
            using var gates = Gates(groups, tokens, experts, dtype);
            var (expected, aux) = Expected(gates, capacity, training, rule);
            CounterRandom.Seed(9);
            CounterRandom.BeginStep(Step);
            var (combine, dispatch, auxLoss) = Moe.Top2Gating(gates, capacity, training, rule, AuxScale.Paper);
            Assert.Equal([groups, tokens, experts, capacity], combine.shape);
            Matches(expected, combine, tolerance);
            Matches([.. expected.Select(weight => weight == 0 ? 0.0 : 1)], dispatch, 0);
            Matches([aux], auxLoss, tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_a_shard_is_that_of_the_whole(int groups, int tokens, int experts, int capacity, bool training, SlotRule rule)
    {
        using var gates = Gates(groups, tokens, experts, ScalarType.Float64);
        var (expected, aux) = Expected(gates, capacity, training, rule);
        CounterRandom.Seed(9);
        CounterRandom.BeginStep(Step);
        var key = CounterRandom.Next();
        var combines = new List<Tensor>();
        var dispatches = new List<Tensor>();
        var sum = 0.0;
        for (var start = 0; start < groups; start += 2)
        {
            using var part = gates.narrow(0, start, Math.Min(2, groups - start));
            var (combine, dispatch, auxLoss, saved) = Moe.Top2GatingShard(part, capacity, training, rule, AuxScale.ExpertsSquared, groups, start, key);
            saved.Dispose();
            combines.Add(combine);
            dispatches.Add(dispatch);
            sum += auxLoss.item<double>();
        }
        Matches(expected, cat(combines, 0), 1e-14);
        Matches([.. expected.Select(weight => weight == 0 ? 0.0 : 1)], cat(dispatches, 0), 0);
        Assert.Equal(aux * experts * experts, sum, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Has_the_gradient_of_autograd(int groups, int tokens, int experts, int capacity, bool training, SlotRule rule)
    {
        using var gates = Gates(groups, tokens, experts, ScalarType.Float64).requires_grad_();
        using var dCombine = Samples.Normal(1, [groups, tokens, experts, capacity]);
        using var dAux = tensor(0.7, ScalarType.Float64);
        CounterRandom.Seed(9);
        CounterRandom.BeginStep(Step);
        var (combine, _, auxLoss) = Moe.Top2Gating(gates, capacity, training, rule);
        combine.mul(dCombine).sum().add(auxLoss.mul(dAux)).backward();

        CounterRandom.BeginStep(Step);
        var key = CounterRandom.Next();
        var forward = Moe.Top2GatingShard(gates.detach(), capacity, training, rule, AuxScale.ExpertsSquared, groups, 0, key);
        using var gradient = Moe.Top2GatingBackward(forward.Saved, dCombine, dAux);
        Samples.Close(gates.grad!, gradient);
        using var composed = Top2Composed.Backward(forward.Saved, dCombine, dAux);
        Samples.Close(gates.grad!, composed);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Composed_of_operators_saves_what_the_kernel_saves(int groups, int tokens, int experts, int capacity, bool training, SlotRule rule)
    {
        using var gates = Gates(groups, tokens, experts, ScalarType.Float32);
        using var uniform = training ? CounterRandom.Uniform(new RandomKey(1, 2, 3, 4), [groups, tokens], [groups, tokens], [0, 0], ScalarType.Float32, CPU) : null;
        var kernel = Top2Kernel.Route(gates, capacity, uniform, rule, 0.5);
        var composed = Top2Composed.RouteSaving(gates, capacity, uniform, rule, 0.5);
        Samples.Same(kernel.Combine, composed.Combine);
        Samples.Same(kernel.Dispatch, composed.Dispatch);
        Samples.Close(kernel.AuxLoss, composed.AuxLoss, 1e-5);
        Samples.Same(kernel.Saved.Experts, composed.Saved.Experts);
        Samples.Same(kernel.Saved.Slots, composed.Saved.Slots);
        Samples.Same(kernel.Saved.Counts, composed.Saved.Counts);
    }

    [Fact]
    public void A_uniform_router_has_the_loss_1_or_as_printed_1_over_E_squared()
    {
        // Each expert is the first choice of as many tokens.
        using var gates = full([2, 8, 4], 0.25, ScalarType.Float64).add(eye(4, dtype: ScalarType.Float64).repeat(1, 2, 1).mul(1e-9).reshape(1, 8, 4).expand(2, 8, 4));
        Assert.Equal(1, Moe.Top2Gating(gates, 4).auxLoss.item<double>(), 1e-6);
        Assert.Equal(1.0 / 16, Moe.Top2Gating(gates, 4, auxScale: AuxScale.Paper).auxLoss.item<double>(), 1e-6);
    }

    [Fact]
    public void The_second_choice_is_kept_with_twice_its_weight_as_probability()
    {
        using var gates = tensor(new double[] { 0.8, 0.2 }).reshape(1, 1, 2).expand(50, 400, 2).contiguous();
        CounterRandom.Seed(3);
        var (_, dispatch, _) = Moe.Top2Gating(gates, 1000);
        Assert.InRange(dispatch.sum().item<double>() / 20_000 - 1, 0.39, 0.41);
    }

    [Fact]
    public void Gates_in_bf16_are_computed_in_f32()
    {
        using var gates = Gates(2, 12, 4, ScalarType.BFloat16);
        CounterRandom.Seed(3);
        var (combine, dispatch, aux) = Moe.Top2Gating(gates, 6);
        CounterRandom.Seed(3);
        var (wide, _, wideAux) = Moe.Top2Gating(gates.to_type(ScalarType.Float32), 6);
        Samples.Same(wide.to_type(ScalarType.BFloat16), combine);
        Samples.Same(wideAux, aux);
        Assert.Equal(ScalarType.BFloat16, dispatch.dtype);
        Assert.Equal(ScalarType.Float32, aux.dtype);
    }

    [Fact]
    public void A_token_without_gates_gets_zeros()
    {
        using var gates = zeros([1, 3, 4], ScalarType.Float64).requires_grad_();
        var (combine, _, aux) = Moe.Top2Gating(gates, 2);
        combine.sum().add(aux).backward();
        Assert.All(Samples.Doubles(combine), value => Assert.Equal(0, value));
        Assert.All(Samples.Doubles(gates.grad!), value => Assert.True(double.IsFinite(value)));
    }

    [Theory]
    [InlineData(2048, 64, 64)]
    [InlineData(40, 8, 10)]
    [InlineData(10, 3, 7)]
    [InlineData(1, 8, 1)]
    public void Capacity_is_twice_the_even_share_rounded_up(long tokens, long experts, long capacity) => Assert.Equal(capacity, Moe.Capacity(tokens, experts));

    [Fact]
    public void Gates_of_another_shape_are_refused()
    {
        using var flat = ones([3, 4]);
        using var alone = ones([2, 3, 1]);
        using var gates = ones([2, 3, 4]);
        Assert.Contains("they have shape [3, 4]", Assert.Throws<ArgumentException>(() => Moe.Top2Gating(flat, 2)).Message);
        Assert.Contains("at least one token and two experts", Assert.Throws<ArgumentException>(() => Moe.Top2Gating(alone, 2)).Message);
        Assert.Contains("local groups 3 to 5 are not among 4", Assert.Throws<ArgumentException>(() => Moe.Top2GatingShard(gates, 2, false, SlotRule.KeptOnly, AuxScale.Paper, 4, 3, default)).Message);
    }
}
