namespace GShard.Torch.Tests;

public class FileTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Bool)]
    public void A_saved_tensor_loads_equal(ScalarType type)
    {
        using var x = (rand(300, 5) * 3).to_type(type).t();
        using var stream = new MemoryStream();
        x.Save(stream);
        stream.Position = 0;
        using var y = Tensor.Load(new BinaryReader(stream));
        Assert.Equal(x.shape, y.shape);
        Assert.True(x.eq(y).all().item<bool>());
        stream.Position = 0;
        using var z = zeros_like(x);
        z.Load(new BinaryReader(stream));
        Assert.True(x.eq(z).all().item<bool>());
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void The_head_is_type_rank_and_sizes()
    {
        using var stream = new MemoryStream();
        tensor(new byte[] { 7, 8 }).Save(stream);
        Assert.Equal([0, 1, 2, 7, 8], stream.ToArray());
    }

    [Fact]
    public void Another_shape_is_refused()
    {
        using var stream = new MemoryStream();
        ones(2).Save(stream);
        stream.Position = 0;
        Assert.Contains("[2], type", Assert.Throws<ArgumentException>(() => ones(3).Load(new BinaryReader(stream))).Message);
    }
}
