using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Programs;

/// <summary>Images and sequences split along the dims that windows slide over: ranks exchange halos, and nobody gathers anything.</summary>
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

    private const string Upsampling =
        """
        mesh space
        func forward(x: float[N,C,H@space,W], weight down: float[O,C,2,2], weight up: float[O,C,4,4], weight upBias: float[C]) {
          small: float[N,O,H/2,W/2]? = conv2d[stride=[2, 2]](x, down)
          y: float[N,C,2*(H/2),2*(W/2)]? = conv_transpose2d[stride=[2, 2], padding=[1, 1]](small, up, upBias)
          return y
        }
        """;

    private const string TwoAxes =
        """
        mesh rows, columns, data
        func forward(x: float[N@data,C,H@rows,W@columns], weight w: float[O,C,3,3], weight b: float[O]) {
          y: float[N,O,H,W]? = conv2d[padding=[1, 1]](x, w, b)
          return y
        }
        """;

    private const string RowParallel =
        """
        mesh model
        func forward(x: float[N,C@model,H,W], weight w: float[O,C@model,3,3], weight b: float[O]) {
          y: float[N,O,H,W]? = conv2d[padding=[1, 1]](x, w, b)
          return y
        }
        """;

    private const string CausalConvolution =
        """
        mesh seq
        func forward(x: float[N,C,T@seq], weight w: float[O,C,3], weight v: float[O,O,3]) {
          led: float[N,C,T+2]? = pad[pad=[2, 0], value=`0`](x)
          h: float[N,O,T]? = conv1d(led, w)
          wider: float[N,O,T+4]? = conv1d[padding=[3]](h, v)
          y: float[N,O,T]? = narrow[dim=2, start=0, length=T](wider)
          return y
        }
        """;

    private const string Shared =
        """
        mesh space
        func forward(x: float[N,C,H@space,W], weight a: float[C,C,3,3], weight b: float[C,C,3,3], weight c: float[C,C,1,1]) {
          left: float[N,C,H,W]? = conv2d[padding=[1, 1]](x, a)
          right: float[N,C,H,W]? = conv2d[padding=[1, 1]](x, b)
          gate: float[N,C,H,W]? = sigmoid(right)
          gated: float[N,C,H,W]? = mul(left, gate)
          skip: float[N,C,H,W]? = conv2d(x, c)
          y: float[N,C,H,W]? = add(gated, skip)
          return y
        }
        """;

    private static readonly Dictionary<string, long> Sizes = new() { ["N"] = 2, ["C"] = 2, ["O"] = 2, ["H"] = 8, ["W"] = 4, ["T"] = 7 };

    [Theory]
    [InlineData(1, 9)]
    [InlineData(2, 9)]
    [InlineData(3, 8)]
    [InlineData(4, 5)]
    public void A_convolutional_net_exchanges_one_halo_a_layer_and_returns_it_by_adding(int ranks, int height)
    {
        var (forward, backward) = ProgramCheck.Run(ConvolutionalNet, [("space", ranks)], new(Sizes) { ["H"] = height, ["N"] = 1 });
        Assert.Equal(["window", "window", "window"], forward);
        // The three weights' gradients are sums over the height.
        Assert.Equal(["all_reduce", "all_reduce", "all_reduce", "window_add", "window_add", "window_add"], backward.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Down_and_up_again_exchanges_what_crosses_the_borders(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(Upsampling, [("space", ranks)], Sizes);
        Assert.Equal(["window", "window_add"], forward);
        Assert.Equal(["all_reduce", "all_reduce", "all_reduce", "window", "window_add"], backward.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 2)]
    public void Both_spatial_dims_are_split_over_axes_of_their_own(int rows, int columns, int data)
    {
        var (forward, _) = ProgramCheck.Run(TwoAxes, [("rows", rows), ("columns", columns), ("data", data)], Sizes);
        Assert.Equal(["window", "window"], forward);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_convolution_over_split_channels_adds_its_bias_once(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(RowParallel, [("model", ranks)], Sizes);
        Assert.Equal(["all_reduce"], forward);
        Assert.Empty(backward);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_depthwise_convolution_over_split_channels_communicates_nothing(int ranks)
    {
        const string text =
            """
            mesh model
            func forward(x: float[N,4@model,H,W], weight w: float[4@model,1,3,3], weight b: float[4@model]) {
              y: float[N,4,H,W]? = conv2d[padding=[1, 1], groups=4](x, w, b)
              return y
            }
            """;
        var (forward, backward) = ProgramCheck.Run(text, [("model", ranks)], new(Sizes) { ["H"] = 3, ["W"] = 3 });
        Assert.Empty(forward);
        Assert.Empty(backward);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_causal_convolution_by_padding_or_by_cutting_off_keeps_the_sequence_split(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(CausalConvolution, [("seq", ranks)], Sizes);
        Assert.All(forward, c => Assert.Equal("window", c));
        Assert.All(backward, c => Assert.Contains(c, new[] { "window_add", "all_reduce" }));
    }

    [Fact]
    public void Convolutions_of_one_image_share_their_halo_and_one_of_single_elements_needs_none()
    {
        var (forward, backward) = ProgramCheck.Run(Shared, [("space", 2)], Sizes);
        Assert.Equal(["window"], forward);
        Assert.Equal(["all_reduce", "all_reduce", "all_reduce", "window_add"], backward.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_local_convolution_works_on_the_windows_of_its_rank()
    {
        var program = ShardingCompiler.Compile(Parser.Parse(ConvolutionalNet));
        var text = program.Forward.ToString();
        Assert.Contains("window[space, dim=2, stride=1, start=-1, span=3, count=H, size=H](x)", text, StringComparison.Ordinal);
        Assert.Contains("conv2d[padding=[0, 1], cut=[2]](window, stem, stemBias)", text, StringComparison.Ordinal);
        Assert.Contains("fill=`double.NegativeInfinity`", text, StringComparison.Ordinal);
        Assert.Equal(text, Parser.Parse(text).ToString());
        Assert.DoesNotContain(program.Forward.Body.AllOperations.Concat(program.Backward!.Body.AllOperations), o => o.Name is "all_gather" or "all_to_all");
    }

    /// <summary>One collective of an operator over a split dim, whose chunk is too large to be gathered.</summary>
    [Theory]
    [InlineData("flip[dims=[1]]", "T", "window")]
    [InlineData("roll[shifts=[1], dims=[1]]", "T", "window")]
    [InlineData("narrow[dim=1, start=1, length=T-1]", "T-1", "window")]
    [InlineData("pad[pad=[1, 1], value=`2`]", "T+2", "window")]
    public void Elements_that_change_their_place_are_sent_to_it(string call, string size, string collective)
    {
        var text = $$"""
            mesh seq
            func forward(x: float[N,T@seq]) {
              moved: float[N,{{size}}]? = {{call}}(x)
              y: float[N,{{size}}]? = tanh(moved)
              return y
            }
            """;
        var (forward, backward) = ProgramCheck.Run(text, [("seq", 3)], Sizes);
        Assert.Equal([collective], forward);
        Assert.Equal([collective + "_add"], backward);
    }

    [Fact]
    public void Tensors_joined_along_their_split_dim_are_sent_to_their_places_where_the_result_is_wanted_split()
    {
        const string text =
            """
            mesh seq
            func forward(a: float[N,T@seq], b: float[N,T@seq]) {
              joined: float[N,2*T]? = cat[dim=1](a, b)
              placed: float[N,2*T@seq] = constraint(joined)
              y: float[N,2*T]? = tanh(placed)
              return y
            }
            """;
        var (forward, backward) = ProgramCheck.Run(text, [("seq", 3)], Sizes);
        Assert.Equal(["window", "window"], forward);
        Assert.Equal(["window_add", "window_add"], backward);
    }
}
