using System.Diagnostics;
using static TorchSharp.torch;

namespace GShard.Benchmarks;

/// <summary>One rank that times collectives it is asked for, as <c>pytorch/collectives.py</c> is: a line of kind, bytes and repeats each.</summary>
internal static class CollectiveRank
{
    public const string Axis = "ranks";

    /// <summary>The collectives, and how each is called on a tensor.</summary>
    public static readonly IReadOnlyDictionary<string, Func<MeshAxis, Tensor, Tensor>> Kinds = new Dictionary<string, Func<MeshAxis, Tensor, Tensor>>
    {
        ["all_reduce"] = (axis, x) => axis.AllReduce(x),
        ["all_gather"] = (axis, x) => axis.AllGather(x, 0),
        ["reduce_scatter"] = (axis, x) => axis.ReduceScatter(x, 0),
        // Of a matrix: as many rows as ranks, each to one of them.
        ["all_to_all"] = (axis, x) => axis.AllToAll(x, 0, 1),
        // To the rank that measures: the source is done when its memory is free.
        ["broadcast"] = (axis, x) => axis.Broadcast(x, axis.Size - 1),
    };

    /// <summary>A process that a launcher has started: questions come on standard input, rank 0 answers.</summary>
    public static void Serve(AllReduceOrder order)
    {
        using var mesh = DeviceMesh.FromEnvironment([(Axis, -1)], new MeshOptions { AllReduce = order });
        // What is measured is the compiled program.
        foreach (var kind in Kinds.Keys) Measure(mesh, kind, 4096, 300);
        while (Console.ReadLine() is { } line)
        {
            var question = line.Split(' ');
            var median = Measure(mesh, question[0], long.Parse(question[1]), int.Parse(question[2]));
            if (mesh.Rank == 0) Console.WriteLine(median.ToString("R"));
        }
    }

    /// <summary>The median time of a collective, in microseconds; a barrier stands before each.</summary>
    public static double Measure(DeviceMesh mesh, string kind, long bytes, int repeats)
    {
        var axis = mesh.Axis(Axis);
        var run = Kinds[kind];
        using var x = kind == "all_to_all" ? ones(mesh.Size, bytes / sizeof(float) / mesh.Size) : ones(bytes / sizeof(float));
        run(axis, x).Dispose();
        var times = new double[repeats];
        for (var i = 0; i < repeats; i++)
        {
            mesh.Barrier();
            var start = Stopwatch.GetTimestamp();
            run(axis, x).Dispose();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        return Stopwatches.Median(times);
    }
}
