namespace GShard.Torch.Tests;

public class TensorTests
{
    [Fact]
    public void A_literal_keeps_shape_type_and_values()
    {
        using var x = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([2, 3], x.shape);
        Assert.Equal(ScalarType.Float32, x.dtype);
        Assert.Equal(DeviceType.CPU, x.device_type);
        Assert.Equal([1f, 2, 3, 4, 5, 6], x.data<float>().ToArray());
        Assert.Equal("[2x3], type = Float32, device = cpu", x.ToString());
    }

    [Theory]
    [InlineData(ScalarType.Float32, 4)]
    [InlineData(ScalarType.Float64, 8)]
    [InlineData(ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.Float16, 2)]
    [InlineData(ScalarType.Int64, 8)]
    [InlineData(ScalarType.Int32, 4)]
    [InlineData(ScalarType.Int16, 2)]
    [InlineData(ScalarType.Int8, 1)]
    [InlineData(ScalarType.Byte, 1)]
    [InlineData(ScalarType.Bool, 1)]
    public void Every_element_type_can_be_made_and_read(ScalarType type, int bytes)
    {
        using var x = ones(3, dtype: type);
        Assert.Equal(type, x.dtype);
        Assert.Equal(bytes, x.element_size());
        using var sum = x.sum(ScalarType.Int64);
        Assert.Equal(3, sum.item<long>());
    }

    [Fact]
    public void Scalars_of_every_kind_reach_the_operator()
    {
        using var x = tensor(new[] { 1.0, 2.0 });
        Assert.Equal([3.0, 4.0], (x + 2).data<double>().ToArray());
        Assert.Equal([3.5, 4.5], (x + 2.5f).data<double>().ToArray());
        Assert.Equal([1.0, 0.5], (1 / x).data<double>().ToArray());
        Assert.Equal([4.0, 3.0], (5L - x).data<double>().ToArray());
        Assert.Equal([false, true], (x > 1.5).data<bool>().ToArray());
        Assert.Equal([true, true], (x == x.clone()).data<bool>().ToArray());
    }

    [Fact]
    public void Indices_select_slice_mask_and_add_dimensions()
    {
        using var x = arange(24).reshape(2, 3, 4);
        Assert.Equal(23, x[1, 2, 3].item<long>());
        Assert.Equal([20, 21, 22, 23], x[-1, -1].data<long>().ToArray());
        Assert.Equal([2, 2, 4], x[.., 1.., ..].shape);
        Assert.Equal([2, 3, 2], x[TensorIndex.Ellipsis, TensorIndex.Slice(null, null, 2)].shape);
        Assert.Equal([2, 1, 3, 4], x[TensorIndex.Colon, TensorIndex.None].shape);
        using var rows = tensor(new long[] { 2, 0 });
        Assert.Equal([8, 9, 10, 11, 0, 1, 2, 3], x[TensorIndex.Single(0), TensorIndex.Tensor(rows)].data<long>().ToArray());
        using var mask = x[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Single(0)] >= 12;
        Assert.Equal([3, 4], x[mask].shape);
        Assert.Equal([3, 2], x[TensorIndex.Tensor(mask), TensorIndex.Slice(1, 3)].shape);
    }

    [Fact]
    public void Assignment_through_an_index_writes_into_the_tensor()
    {
        using var x = zeros(2, 3);
        x[0, 1] = 5f;
        x[TensorIndex.Single(1)] = tensor(new float[] { 1, 2, 3 });
        using var columns = tensor(new long[] { 0, 2 });
        x[TensorIndex.Single(0), TensorIndex.Tensor(columns)] = 7f;
        Assert.Equal([7f, 5, 7, 1, 2, 3], x.data<float>().ToArray());
    }

    [Fact]
    public void A_view_shares_memory_and_outlives_its_base()
    {
        var x = arange(6, dtype: float32).reshape(2, 3);
        using var row = x[1];
        x.fill_(9);
        x.Dispose();
        Assert.Equal(3, row.storage_offset());
        Assert.Equal([9f, 9, 9], row.data<float>().ToArray());
    }

    [Fact]
    public void Accessors_follow_strides()
    {
        using var x = arange(6).reshape(2, 3).t();
        Assert.False(x.is_contiguous());
        Assert.Equal([0, 3, 1, 4, 2, 5], x.data<long>().ToArray());
        Assert.Equal(4, x.data<long>()[1, 1]);
        x.data<long>()[2, 0] = 42;
        Assert.Equal(42, x[2, 0].item<long>());
        var array = (long[,])x.data<long>().ToNDArray();
        Assert.Equal(42, array[2, 0]);
    }

    [Fact]
    public void Bytes_are_the_memory_itself()
    {
        using var x = zeros(2, dtype: int32);
        x.bytes[4] = 1;
        Assert.Equal([0, 1], x.data<int>().ToArray());
        x.bytes = new byte[] { 2, 0, 0, 0, 3, 0, 0, 0 };
        Assert.Equal([2, 3], x.data<int>().ToArray());
    }

    [Fact]
    public void A_buffer_is_aliased_and_released_with_its_last_view()
    {
        var numbers = new float[] { 1, 2, 3 };
        using var x = frombuffer(numbers, float32, count: 2, offset: 1);
        x.mul_(10);
        Assert.Equal([1f, 20, 30], numbers);
    }

    [Fact]
    public void Text_shows_values()
    {
        using var x = tensor(new[,] { { 1.5, 2 }, { 3, 4 } });
        Assert.Equal("[[1.5 2]\n [3 4]]", x.ToString(TorchSharp.TensorStringStyle.Numpy));
        using var line = arange(100);
        Assert.Equal("[0 1 2 ... 97 98 99]", line.ToString(TorchSharp.TensorStringStyle.Numpy));
    }

    [Fact]
    public void BFloat16_rounds_to_nearest_even()
    {
        using var x = tensor(new[] { 1f, 1.00390625f, 1.01171875f, 3.3895314e38f }).bfloat16();
        for (int i = 0; i < 4; i++)
            Assert.Equal(x.ReadCpuBFloat16(i), new BFloat16(x.ReadCpuBFloat16(i)).ToSingle());
        Assert.Equal(1f, new BFloat16(1.00390625f).ToSingle());
        Assert.Equal(1.015625f, new BFloat16(1.01171875f).ToSingle());
    }
}
