using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Windows that libtorch puts together, on any device, against those in host memory.</summary>
public class Windows_of_a_rank_s_own_elements
{
    [Theory]
    [InlineData(1, -2, 5, false)]
    [InlineData(1, -2, 5, true)]
    [InlineData(2, 1, 3, false)]
    [InlineData(-1, 8, 2, false)]
    public void Are_those_of_host_memory(int stride, int start, int span, bool wrap)
    {
        var count = stride == 2 ? 4 : 9;
        var window = new SlidingWindow(stride, start, span, count, 9, wrap, 1, 1);
        var x = randn([3, 9, 2]);
        DeviceMesh.RunInProcess([("a", 1)], mesh =>
        {
            var axis = mesh.Axis("a");
            var expected = axis.Window(x, 1, stride, start, span, count, 9, fill: 7, wrap: wrap);
            Samples.Same(expected, WindowTensors.Collect(x, 1, window, 1, 0, 7));
            Samples.Same(axis.WindowAdd(expected, 1, stride, start, span, count, 9, wrap: wrap), WindowTensors.Add(expected, 1, window, 1, 0));
        });
    }
}
