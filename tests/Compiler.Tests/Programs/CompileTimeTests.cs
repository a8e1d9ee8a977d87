using System.Diagnostics;
using System.Text;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Programs;

/// <summary>A long method compiles in time that grows with its length.</summary>
public sealed class CompileTimeTests
{
    [Fact]
    public void A_method_ten_times_as_long_takes_little_more_than_ten_times_the_time()
    {
        Compile(20);
        var (small, large) = (Fastest(50), Fastest(500));
        Assert.True(large < 30 * small + TimeSpan.FromSeconds(1), $"300 operators take {small.TotalMilliseconds:F0} ms, 3,000 take {large.TotalMilliseconds:F0} ms.");
    }

    private static TimeSpan Fastest(int layers) => Enumerable.Range(0, 3).Min(_ =>
    {
        var watch = Stopwatch.StartNew();
        Compile(layers);
        return watch.Elapsed;
    });

    private static void Compile(int layers)
    {
        var text = new StringBuilder("mesh data, model\nfunc forward(x: float[B@data,T,M]");
        for (var i = 0; i < layers; i++) text.Append($", weight up{i}: float[H@model,M], weight down{i}: float[M,H@model]");
        text.Append(") {\n");
        var x = "x";
        for (var i = 0; i < layers; i++)
        {
            text.Append($"  a{i}: float[B,T,H]? = linear({x}, up{i})\n  b{i}: float[B,T,H]? = gelu(a{i})\n  c{i}: float[B,T,M]? = linear(b{i}, down{i})\n");
            text.Append($"  d{i}: float[B,T,M]? = add({x}, c{i})\n  e{i}: float[B,T,M]? = softmax[dim=-1](d{i})\n  f{i}: float[B,T,M]? = mul(e{i}, d{i})\n");
            x = "f" + i;
        }

        ShardingCompiler.Compile(Parser.Parse(text.Append($"  return {x}\n}}\n").ToString()));
    }
}
