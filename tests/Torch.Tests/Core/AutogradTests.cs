namespace GShard.Torch.Tests;

public class AutogradTests
{
    [Fact]
    public void Backward_accumulates_into_the_leaves()
    {
        using var x = tensor(new[] { 1.0, 2, 3 }, requires_grad: true);
        x.pow(2).sum().backward();
        x.pow(2).sum().backward();
        Assert.Equal([4.0, 8, 12], x.grad!.data<double>().ToArray());
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void Given_gradients_seed_the_pass()
    {
        using var x = tensor(new[] { 1.0, 2 }, requires_grad: true);
        using var y = x * 3;
        y.backward([tensor(new[] { 10.0, 100 })]);
        Assert.Equal([30.0, 300], x.grad!.data<double>().ToArray());
    }

    [Fact]
    public void Gradients_of_gradients()
    {
        using var x = tensor(2.0, requires_grad: true);
        var first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        Assert.Equal(12.0, first.item<double>());
        var second = autograd.grad([first], [x])[0];
        Assert.Equal(12.0, second.item<double>());
    }

    [Fact]
    public void An_unused_input_gives_null_only_where_allowed()
    {
        using var x = tensor(2.0, requires_grad: true);
        using var unused = tensor(2.0, requires_grad: true);
        Assert.Null(autograd.grad([x * 2], [unused], allow_unused: true)[0]);
        Assert.Throws<ExternalException>(() => autograd.grad([x * 2], [unused]));
    }

    [Fact]
    public void Grad_mode_is_scoped_and_per_thread()
    {
        using var x = ones(1, requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad())
                Assert.True((x * 2).requires_grad);
            bool other = false;
            var thread = new Thread(() => other = is_grad_enabled());
            thread.Start();
            thread.Join();
            Assert.True(other);
        }
        Assert.True(is_grad_enabled());
        using (inference_mode())
            Assert.True(is_inference_mode_enabled());
        Assert.False(is_inference_mode_enabled());
    }

    [Fact]
    public void Leaves_retained_gradients_and_detached_tensors()
    {
        using var x = ones(1, requires_grad: true);
        using var y = x * 2;
        Assert.True(x.is_leaf);
        Assert.False(y.is_leaf);
        y.retain_grad();
        y.sum().backward();
        Assert.Equal(1f, y.grad!.item<float>());
        Assert.False(y.detach().requires_grad);
    }

    [Fact]
    public void A_gradient_of_another_shape_is_refused()
    {
        using var x = ones(2, requires_grad: true);
        Assert.Contains("[3]", Assert.Throws<ExternalException>(() => x.grad = ones(3)).Message);
    }
}
