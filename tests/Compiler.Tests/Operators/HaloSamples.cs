namespace GShard.Compiler.Tests.Operators;

/// <summary>Windows over dims long enough to be worth splitting, in every relation of stride, span, padding and chunk.</summary>
public static class HaloSamples
{
    /// <summary>All samples.</summary>
    public static IEnumerable<OperatorSample> All =>
    [
        // The paper's non-constant halo: base 12, window 3, padding 1 and 1, stride 2.
        new("conv1d", "stride=[2], padding=[1]", ["f64[2,3,12]", "f64[4,3,3]"]),
        // A halo wider than a neighbour's chunk; a stride larger than the window; an even kernel; more padding than the kernel needs.
        new("conv1d", "padding=[4], dilation=[4]", ["f64[2,2,10]", "f64[3,2,3]", "f64[3]"]), new("conv1d", "stride=[4]", ["f64[2,2,26]", "f64[3,2,2]"]),
        new("conv1d", "padding=[2]", ["f64[2,2,9]", "f64[3,2,4]", "f64[3]"]), new("conv1d", "padding=[3], groups=2", ["f64[2,4,7]", "f64[4,2,3]"]),
        new("conv1d", "", ["f64[2,3,8]", "f64[4,3,1]", "f64[4]"]), new("conv1d", "stride=[2]", ["f64[2,3,9]", "f64[4,3,1]"]), new("conv1d", "stride=[3]", ["f64[2,3,12]", "f64[4,3,3]"]),
        // Depthwise: a channel is a group.
        new("conv1d", "padding=[1], groups=4", ["f64[2,4,8]", "f64[4,1,3]", "f64[4]"]), new("conv2d", "groups=3, stride=[2,1]", ["f64[2,3,7,5]", "f64[3,1,3,2]"]), new("conv_transpose1d", "stride=[2], groups=4", ["f64[2,4,5]", "f64[4,1,3]"]),
        new("conv1d_backward_weight", "size=[3], groups=4", ["f64[3,4,5]", "f64[3,4,7]"]), new("conv1d_backward_input", "size=[7], groups=4", ["f64[3,4,5]", "f64[4,1,3]"]),
        // Whole groups of several channels.
        new("conv1d", "padding=[1], groups=6", ["f64[2,12,5]", "f64[12,2,3]", "f64[12]"]), new("conv2d", "groups=6", ["f64[2,6,4,5]", "f64[12,1,3,2]"]), new("conv_transpose1d", "stride=[2], groups=6", ["f64[2,12,5]", "f64[12,2,3]", "f64[12]"]),
        new("conv1d_backward_weight", "size=[3], groups=6", ["f64[3,12,5]", "f64[3,12,7]"]), new("conv1d_backward_input", "size=[7], groups=6", ["f64[3,12,5]", "f64[12,2,3]"]),
        // Fewer positions than ranks.
        new("conv1d", "", ["f64[3,4,7]", "f64[2,4,6]"]),
        new("conv2d", "padding=[1,1]", ["f64[1,2,8,7]", "f64[3,2,3,3]", "f64[3]"]), new("conv2d", "stride=[2,3], padding=[0,2], dilation=[2,1]", ["f64[1,2,11,9]", "f64[2,2,3,2]"]),
        new("conv3d", "padding=[1,0,1]", ["f64[1,1,6,4,5]", "f64[2,1,3,2,3]"]),
        // The paper's three cases of base dilation: the stride of the output times the windows of a rank divisible by the dilation; stride 1, not divisible; neither.
        new("conv_transpose1d", "stride=[2], padding=[1]", ["f64[2,3,8]", "f64[3,4,4]", "f64[4]"]), new("conv_transpose1d", "stride=[3], padding=[1], output_padding=[1]", ["f64[2,3,7]", "f64[3,2,3]"]),
        new("conv_transpose1d", "stride=[3], dilation=[2], padding=[2]", ["f64[2,3,5]", "f64[3,2,3]", "f64[2]"]), new("conv_transpose1d", "", ["f64[2,2,7]", "f64[2,3,6]"]),
        new("conv_transpose2d", "stride=[2,1], padding=[1,0], output_padding=[1,0]", ["f64[1,2,6,4]", "f64[2,3,3,2]", "f64[3]"]), new("conv_transpose1d", "stride=[4], groups=2", ["f64[2,4,6]", "f64[4,1,2]"]),
        new("max_pool1d", "kernel_size=[3], stride=[2], padding=[1]", ["f64[2,3,11]"]), new("max_pool2d", "kernel_size=[3,2], stride=[1,2], padding=[1,0], dilation=[2,1]", ["f64[1,2,9,6]"]),
        new("max_pool2d", "kernel_size=[2,2]", ["f64[2,2,8,6]"]), new("avg_pool1d", "kernel_size=[4], stride=[3], padding=[2]", ["f64[2,3,13]"]), new("avg_pool2d", "kernel_size=[2,3], padding=[1,1]", ["f64[2,2,7,8]"]),
        new("narrow", "dim=1, start=3, length=8", ["f64[4,12]"]), new("narrow", "dim=0, start=0, length=9", ["f64[10,3]"]), new("narrow", "dim=1, start=11, length=1", ["f64[4,12]"]),
        new("pad", "pad=[2,0], value=`0`", ["f64[3,11]"]), new("pad", "pad=[0,0,1,4,7,7], value=`1.5`", ["f64[9,5,4]"]), new("pad", "pad=[-2,3], value=`0`", ["f64[3,12]"]),
        new("cat", "dim=0", ["f64[9,3]", "f64[8,3]"]), new("cat", "dim=-1", ["f64[2,5]", "f64[2,1]", "f64[2,12]"]), new("cat", "dim=0", ["i64[9] below 5", "i64[8] below 5"]),
        new("flip", "dims=[-1]", ["f64[3,11]"]), new("flip", "dims=[0,1]", ["f64[8,7]"]), new("roll", "shifts=[3], dims=[-1]", ["f64[3,11]"]), new("roll", "shifts=[-15,2], dims=[1,0]", ["f64[8,7]"]),
    ];
}
