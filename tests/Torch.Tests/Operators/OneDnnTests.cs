namespace GShard.Torch.Tests.Operators;

/// <summary>oneDNN takes its workspaces, empty ones too, from the caching allocator and gives them back as bare pointers.</summary>
public sealed class OneDnnTests
{
    [Fact]
    public void Single_precision_gelu_runs_many_times()
    {
        for (var i = 0; i < 50; i++)
        {
            using var x = full(new long[] { 15, 7, 24 }, 1.0, dtype: ScalarType.Float32);
            using var y = nn.functional.gelu(x);
            Assert.Equal(0.8413447, y[0, 0, 0].item<float>(), 1e-6);
        }
    }
}
