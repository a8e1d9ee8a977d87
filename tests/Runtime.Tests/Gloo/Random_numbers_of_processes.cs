using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Masks and initial values are the same on 1, 2, 4 and 8 ranks, be they threads or processes, to the bit.</summary>
public class Random_numbers_of_processes
{
    private static readonly long[] Shape = [6, 11];

    /// <summary>What a program draws on a mesh, put together over the ranks: masks, uniform and normal numbers, and the parameters of a meta model.</summary>
    private static double[][] Draw(DeviceMesh mesh)
    {
        using var scope = NewDisposeScope();
        CounterRandom.Seed(41);
        Placement[] placements = [Placement.Split(0, "data", uneven: true), Placement.Split(1, "model", uneven: true)];
        var whole = new List<Tensor>();
        foreach (var meta in (Parameter[])[Initialize.Normal(Shape, std: 0.1, device: META), Initialize.XavierUniform(Shape, device: META), Initialize.TruncatedNormal(Shape, device: META)])
        {
            var parameter = Shards.Parameter(meta, "w", mesh, placements);
            whole.Add(ParameterSharding.Of(parameter)!.Gather(parameter.detach()));
        }
        for (var step = 3; step < 5; step++)
        {
            CounterRandom.BeginStep(step);
            using var like = Shards.Buffer(zeros(Shape), "x", mesh, placements);
            var sharding = ParameterSharding.OfTensor(like)!;
            var (offset, shape) = sharding.LocalBox();
            whole.Add(sharding.Gather(CounterRandom.DropoutMask(CounterRandom.Next(), shape, Shape, offset, 0.3, ScalarType.Float32, CPU)));
            whole.Add(sharding.Gather(CounterRandom.DropoutMask(CounterRandom.Next(), shape, Shape, offset, 0.3, ScalarType.Float32, CPU)));
        }
        return [.. whole.Select(Samples.Doubles)];
    }

    public static TheoryData<int, int> Meshes => new() { { 2, 1 }, { 1, 2 }, { 2, 2 }, { 4, 1 }, { 2, 4 }, { 8, 1 }, { 1, 8 } };

    [Theory]
    [MemberData(nameof(Meshes))]
    public void Are_those_of_one_rank(int data, int model)
    {
        (string, int)[] axes = [("data", data), ("model", model)];
        var expected = DeviceMesh.RunInProcess([("data", 1), ("model", 1)], Draw).Single();
        Assert.NotEqual(expected[3], expected[4]);
        foreach (var thread in DeviceMesh.RunInProcess(axes, Draw)) Assert.Equal(expected, thread);
        ProcessThreads.Run(axes, mesh => Assert.Equal(expected, Draw(mesh)));
    }
}
