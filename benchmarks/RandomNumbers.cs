using System.Diagnostics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Benchmarks;

/// <summary>Times dropout and initial values that it is asked for, as <c>pytorch/random_numbers.py</c> does: a line of kind, bytes and repeats each.</summary>
internal static class RandomNumbers
{
    private const double P = 0.1;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(0.3);

    /// <summary>What is timed, of so many bytes.</summary>
    public static readonly IReadOnlyDictionary<string, Func<long, Action>> Kinds = new Dictionary<string, Func<long, Action>>
    {
        ["dropout"] = bytes => Dropout(bytes / 4, ScalarType.Float32, false),
        ["dropout,backward"] = bytes => Dropout(bytes / 4, ScalarType.Float32, true),
        ["dropout,bf16"] = bytes => Dropout(bytes / 2, ScalarType.BFloat16, false),
        ["uniform"] = bytes => Drawn(bytes, parameter => Initialize.Uniform(parameter, -1, 1)),
        ["normal"] = bytes => Drawn(bytes, parameter => Initialize.Normal(parameter, 0, 0.02)),
    };

    public static void Serve()
    {
        set_num_threads(1);
        CounterRandom.Seed(1);
        while (Console.ReadLine() is { } line)
        {
            var question = line.Split(' ');
            var run = Kinds[question[0]](long.Parse(question[1]));
            // Compiled code is replaced by better code in the first tenths of a second.
            for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Warmup;) run();
            var times = new double[int.Parse(question[2])];
            for (var i = 0; i < times.Length; i++)
            {
                var start = Stopwatch.GetTimestamp();
                run();
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
            Console.WriteLine(Stopwatches.Median(times).ToString("R"));
        }
    }

    private static Action Dropout(long count, ScalarType dtype, bool withBackward)
    {
        var (x, dy) = (ones([count], dtype), ones([count], dtype));
        long[] offsets = [0];
        return () =>
        {
            var key = CounterRandom.Next();
            Sharding.DropoutShard(x, P, true, x.shape, offsets, key).Dispose();
            if (withBackward) Sharding.DropoutShard(dy, P, true, x.shape, offsets, key).Dispose();
        };
    }

    private static Action Drawn(long bytes, Action<Parameter> draw)
    {
        var parameter = new Parameter(empty(bytes / 4));
        return () => draw(parameter);
    }
}
