using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace GShard.Benchmarks;

/// <summary>Times the steps of one subject in this process, on as many ranks as asked.</summary>
internal static class Stopwatches
{
    public static Measurement Measure(Sizes sizes, bool plain, int ranks)
    {
        // The libraries are no part of a model's memory.
        using (var warm = ones(64, 64))
            warm.mm(warm).Dispose();
        var before = Memory("VmRSS");
        using var whole = Subjects.CreateModule(sizes);
        var times = DeviceMesh.RunInProcess<List<(double Gradients, double Whole)>>([("expert", ranks)], mesh => Time(sizes, plain, whole, mesh))[0];
        return new Measurement(Median(times.Select(t => t.Gradients)), Median(times.Select(t => t.Whole)), Memory("VmHWM") - before);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static List<(double Gradients, double Whole)> Time(Sizes sizes, bool plain, nn.Module whole, DeviceMesh mesh)
    {
        using var subject = Subjects.Create(sizes, plain, whole, mesh);
        using var optimizer = optim.AdamW(subject.Parameters, 1e-3, beta1: 0.9, beta2: 0.98);
        var times = new List<(double, double)>();
        for (var step = 0; step < sizes.Warmup + sizes.Steps; step++)
        {
            CounterRandom.BeginStep(step);
            // A step is over when it is over on every rank.
            mesh.Barrier();
            var start = Stopwatch.GetTimestamp();
            subject.Step();
            mesh.Barrier();
            var gradients = Stopwatch.GetElapsedTime(start);
            optimizer.step();
            mesh.Barrier();
            if (step >= sizes.Warmup)
                times.Add((gradients.TotalMilliseconds, Stopwatch.GetElapsedTime(start).TotalMilliseconds));
        }
        return times;
    }

    // The kernel's account of this process, in MiB: VmRSS is now, VmHWM the highest.
    private static double Memory(string key)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }
}
