using System.Diagnostics;
using System.Text;
using GShard.Compiler;
using GShard.Compiler.Text;
using Spectre.Console;

namespace GShard.Benchmarks;

/// <summary>How long the compiler takes for long methods, and whether that depends on the number of devices.</summary>
internal static class CompileTimes
{
    private static readonly int[] Operators = [300, 1000, 3000, 9000];
    private static readonly int[] Devices = [2, 2048];

    /// <summary>Prints the median of several compilations, in milliseconds, forward and backward together.</summary>
    public static void Run(int rounds)
    {
        var table = new Table().Title("Compile time, ms").AddColumn("operators");
        foreach (var devices in Devices) table.AddColumn($"{devices} × {devices} devices");
        Measure(300, 2);
        foreach (var operators in Operators)
        {
            var times = Devices.Select(_ => new List<double>()).ToArray();
            for (var round = 0; round < rounds; round++)
                for (var i = 0; i < Devices.Length; i++) times[i].Add(Measure(operators, Devices[i]));
            table.AddRow([operators.ToString(), .. times.Select(t => t.Order().ElementAt(t.Count / 2).ToString("F0"))]);
        }

        AnsiConsole.Write(table);
    }

    private static double Measure(int operators, int devices)
    {
        var program = Parser.Parse(Text(operators / 6, devices));
        var watch = Stopwatch.StartNew();
        ShardingCompiler.Compile(program);
        return watch.Elapsed.TotalMilliseconds;
    }

    /// <summary>Layers of six operators: a column- and a row-parallel product, activation, residual, softmax, gate.</summary>
    private static string Text(int layers, int devices)
    {
        var text = new StringBuilder($"mesh data={devices}, model={devices}\nfunc forward(x: float[B@data,T,M]");
        for (var i = 0; i < layers; i++) text.Append($", weight up{i}: float[H@model,M], weight down{i}: float[M,H@model]");
        text.Append(") {\n");
        var x = "x";
        for (var i = 0; i < layers; i++)
        {
            text.Append($"  a{i}: float[B,T,H]? = linear({x}, up{i})\n  b{i}: float[B,T,H]? = gelu(a{i})\n  c{i}: float[B,T,M]? = linear(b{i}, down{i})\n");
            text.Append($"  d{i}: float[B,T,M]? = add({x}, c{i})\n  e{i}: float[B,T,M]? = softmax[dim=-1](d{i})\n  f{i}: float[B,T,M]? = mul(e{i}, d{i})\n");
            x = "f" + i;
        }

        return text.Append($"  return {x}\n}}\n").ToString();
    }
}
