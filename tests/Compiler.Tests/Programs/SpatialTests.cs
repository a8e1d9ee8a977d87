namespace GShard.Compiler.Tests.Programs;

/// <summary>Images split over their height or width: ranks exchange halos, and nobody gathers an image.</summary>
public sealed class SpatialTests
{
    private const string ConvolutionalNet =
        """
        mesh space
        func forward(x: float[N,C,H@space,W], weight stem: float[O,C,3,3], weight stemBias: float[O], weight head: float[O,O,3,3]) {
          wide: float[N,O,H,W]? = conv2d[padding=[1, 1]](x, stem, stemBias)
          h: float[N,O,H,W]? = relu(wide)
          small: float[N,O,(H-1)/2+1,(W-1)/2+1]? = max_pool2d[kernel_size=[3, 3], stride=[2, 2], padding=[1, 1]](h)
          y: float[N,O,(H-1)/2+1,(W-1)/2+1]? = conv2d[padding=[1, 1]](small, head)
          return y
        }
        """;

    private static readonly Dictionary<string, long> Sizes = new() { ["N"] = 1, ["C"] = 2, ["O"] = 2, ["H"] = 9, ["W"] = 4 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_convolutional_net_exchanges_one_halo_a_layer_and_returns_it_by_adding(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(ConvolutionalNet, [("space", ranks)], Sizes);
        Assert.Equal(["window", "window", "window"], forward);
        Assert.Equal(["window_add", "window_add", "window_add"], backward.Where(c => c != "all_reduce"));
        Assert.DoesNotContain("all_gather", backward);
    }
}
