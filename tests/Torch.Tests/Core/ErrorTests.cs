namespace GShard.Torch.Tests;

public class ErrorTests
{
    [Fact]
    public void A_native_error_carries_the_message_of_libtorch()
    {
        using var a = ones(2, 3);
        var error = Assert.Throws<ExternalException>(() => a.mm(a));
        Assert.Equal("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message);
    }

    [Fact]
    public void A_missing_argument_names_itself_and_the_schema()
    {
        var error = Assert.Throws<ExternalException>(() => Native.Operator("aten::matmul").Call(ones(2)));
        Assert.Contains("argument 'other' is missing", error.Message);
        Assert.Contains("aten::matmul(Tensor self, Tensor other) -> Tensor", error.Message);
    }

    [Fact]
    public void A_null_for_a_tensor_names_the_argument()
    {
        using var a = ones(2);
        var error = Assert.Throws<ExternalException>(() => a.add((Tensor)null!));
        Assert.Contains("argument 'other' must not be null", error.Message);
    }

    [Fact]
    public void An_unknown_operator_is_an_error_and_can_be_asked_for()
    {
        Assert.False(Native.Operator("aten::no_such_operator").Exists);
        Assert.Contains("no_such_operator", Assert.Throws<ExternalException>(() => Native.Operator("aten::no_such_operator").Call()).Message);
        Assert.True(Native.Operator("aten::native_layer_norm").Exists);
    }

    [Fact]
    public void A_disposed_tensor_says_so()
    {
        var a = ones(2);
        a.Dispose();
        a.Dispose();
        Assert.True(a.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => a.shape);
    }

    [Fact]
    public void Reading_as_a_wrong_type_is_refused()
    {
        using var a = ones(1);
        Assert.Contains("Float32", Assert.Throws<ArgumentException>(() => a.item<double>()).Message);
        Assert.Throws<ArgumentException>(() => a.data<int>());
    }

    [Fact]
    public void A_device_that_libtorch_lacks_is_refused()
    {
        Assert.Throws<ArgumentException>(() => device("gpu"));
        Assert.Throws<ArgumentException>(() => new Device("cuda:x"));
        if (!cuda.is_available())
            Assert.Contains("CUDA", Assert.Throws<InvalidOperationException>(() => ones(1, device: device("cuda:0"))).Message);
    }
}
