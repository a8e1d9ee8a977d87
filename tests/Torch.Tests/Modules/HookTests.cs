namespace GShard.Torch.Tests.Modules;

public sealed class HookTests
{
    private sealed class Sum() : nn.Module<Tensor, Tensor, Tensor>(nameof(Sum))
    {
        public override Tensor forward(Tensor input1, Tensor input2) => input1 + input2;
    }

    [Fact]
    public void A_pre_hook_may_replace_the_input_until_it_is_removed()
    {
        using var identity = nn.Identity();
        using var two = tensor(2.0);
        var remover = identity.register_forward_pre_hook((_, input) => input * 10);
        using (var y = identity.call(two)) Assert.Equal(20, y.item<double>());
        remover.remove();
        using (var y = identity.call(two)) Assert.Equal(2, y.item<double>());
    }

    [Fact]
    public void A_hook_sees_inputs_and_output_and_may_replace_the_output()
    {
        using var sum = new Sum();
        using var two = tensor(2.0);
        using var three = tensor(3.0);
        sum.register_forward_pre_hook((_, left, right) => (right, right));
        sum.register_forward_hook((_, left, right, output) => output + left);
        using var y = sum.call(two, three);
        Assert.Equal(9, y.item<double>());
    }

    [Fact]
    public void Hooks_run_in_order_and_forward_alone_runs_none()
    {
        using var identity = nn.Identity();
        using var one = tensor(1.0);
        var order = new List<string>();
        identity.register_forward_pre_hook(_ => order.Add("before"));
        identity.register_forward_hook((_, _, output) =>
        {
            order.Add("first");
            return output;
        });
        identity.register_forward_hook((_, _, output) =>
        {
            order.Add("second");
            return output;
        });
        identity.register_forward_hook(_ => order.Add("after"));
        using (identity.call(one)) Assert.Equal(["before", "first", "second", "after"], order);
        using (identity.forward(one)) Assert.Equal(4, order.Count);
    }
}
