using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace GShard.Runtime.Tests;

/// <summary>A schedule over an optimizer of shares, or of copies, trains as it does over a plain one.</summary>
public class Learning_rate_schedules
{
    private const int Steps = 8;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var schedule in (string[])["warm-up", "one cycle", "inverse square root"])
                foreach (var optimizer in (string[])["SGD", "AdamW", "Adafactor"])
                    if (schedule != "one cycle" || optimizer != "Adafactor") cases.Add(schedule, optimizer);
            return cases;
        }
    }

    private static LRScheduler Schedule(string name, optim.Optimizer of) => name switch
    {
        "warm-up" => SequentialLR(of, [LinearLR(of, 0.1, 1, 3), CosineAnnealingLR(of, 5)], [3]),
        "one cycle" => OneCycleLR(of, 0.1, Steps + 1),
        _ => LambdaLR(of, step => Math.Min((step + 1) / 4.0, Math.Sqrt(4.0 / (step + 1)))),
    };

    private static optim.Optimizer Make(string name, IEnumerable<Parameter> parameters) => name switch
    {
        "SGD" => optim.SGD(parameters, 0.1, momentum: 0.9),
        "AdamW" => optim.AdamW(parameters, lr: 0.1),
        _ => new Adafactor(parameters, lr: 30),
    };

    private static (double[] Weights, double[] Rates) Train(string schedule, Func<Parameter, optim.Optimizer> make)
    {
        var parameter = new Parameter(Samples.Normal(1, [5, 3], ScalarType.Float32));
        using var optimizer = make(parameter);
        var rate = Schedule(schedule, optimizer);
        var rates = new List<double>();
        for (var step = 0; step < Steps; step++)
        {
            parameter.grad = Samples.Normal(10 + step, [5, 3], ScalarType.Float32);
            optimizer.step();
            rate.step();
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
        }
        return (Samples.Doubles(parameter), [.. rates]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Drive_shares_and_copies_as_the_whole(string schedule, string optimizer)
    {
        var (weights, rates) = Train(schedule, parameter => Make(optimizer, [parameter]));
        Assert.True(rates.Distinct().Count() > Steps / 2);
        var results = DeviceMesh.RunInProcess([("data", 2)], mesh =>
            Train(schedule, parameter => new ZeroRedundancyOptimizer([parameter], mesh.Axis("data"), shares => new MasterWeights(shares, masters => Make(optimizer, masters)))));
        foreach (var (ownWeights, ownRates) in results)
        {
            Assert.Equal(rates, ownRates);
            for (var i = 0; i < weights.Length; i++) Assert.Equal(weights[i], ownWeights[i], 1e-5);
        }
    }
}
