using TorchSharp.Modules;
using static TorchSharp.torch.optim;

namespace GShard.Torch.Tests.Optim;

/// <summary>Eight epochs from a rate of 0.5. The numbers are PyTorch 1.13.1's.</summary>
public sealed class LearningRateScheduleTests
{
    public static TheoryData<string, double[]> Cases => new()
    {
        { "step", [0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.005, 0.005] },
        { "multi-step", [0.5, 0.5, 0.05, 0.05, 0.05, 0.005, 0.005, 0.005] },
        { "exponential", [0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845] },
        { "lambda", [0.5, 0.25, 0.1666666667, 0.125, 0.1, 0.08333333333, 0.07142857143, 0.0625] },
        { "multiplicative", [0.5, 0.475, 0.45125, 0.4286875, 0.407253125, 0.3868904687, 0.3675459453, 0.349168648] },
        { "cosine", [0.5, 0.4532091636, 0.3307091636, 0.1792908364, 0.05679083638, 0.01, 0.05679083638, 0.1792908364] },
        { "linear", [0.125, 0.21875, 0.3125, 0.40625, 0.5, 0.5, 0.5, 0.5] },
        { "constant", [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5] },
        { "polynomial", [0.5, 0.32, 0.18, 0.08, 0.02, 0, 0, 0] },
        { "chained", [0.05, 0.045, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845] },
    };

    private static lr_scheduler.LRScheduler Create(string name, Optimizer optimizer) => name switch
    {
        "step" => lr_scheduler.StepLR(optimizer, 3),
        "multi-step" => lr_scheduler.MultiStepLR(optimizer, [2, 5]),
        "exponential" => lr_scheduler.ExponentialLR(optimizer, 0.9),
        "lambda" => lr_scheduler.LambdaLR(optimizer, epoch => 1.0 / (epoch + 1)),
        "multiplicative" => lr_scheduler.MultiplicativeLR(optimizer, _ => 0.95),
        "cosine" => lr_scheduler.CosineAnnealingLR(optimizer, 5, 0.01),
        "linear" => lr_scheduler.LinearLR(optimizer, 0.25, 1, 4),
        "constant" => lr_scheduler.ConstantLR(optimizer, 0.5, 3),
        "polynomial" => lr_scheduler.PolynomialLR(optimizer, 5, 2),
        "chained" => lr_scheduler.ChainedLR([lr_scheduler.ConstantLR(optimizer, 0.1, 2), lr_scheduler.ExponentialLR(optimizer, 0.9)]),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such case."),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_epoch_has_PyTorchs_rate(string name, double[] expected)
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5);
        var schedule = Create(name, optimizer);
        for (var epoch = 0; epoch < expected.Length; epoch++)
        {
            if (epoch > 0) schedule.step();
            Assert.Equal(expected[epoch], optimizer.ParamGroups.Single().LearningRate, 9);
            Assert.Equal(expected[epoch], schedule.get_last_lr().Single(), 9);
        }
    }

    [Theory]
    [InlineData("step")]
    [InlineData("exponential")]
    [InlineData("cosine")]
    [InlineData("linear")]
    [InlineData("constant")]
    [InlineData("polynomial")]
    public void A_jump_to_an_epoch_gives_the_rate_that_single_steps_give(string name)
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5);
        var schedule = Create(name, optimizer);
        schedule.step(4);
        var expected = Cases.Single(row => (string)row[0] == name);
        Assert.Equal(((double[])expected[1])[4], optimizer.ParamGroups.Single().LearningRate, 9);
    }

    [Fact]
    public void A_plateau_halves_the_rate_after_two_epochs_without_improvement()
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5);
        var schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience: 1, factor: 0.5);
        var rates = new List<double>();
        foreach (var loss in (double[])[1, 0.9, 0.95, 0.95, 0.95, 0.95, 0.8, 0.81, 0.82])
        {
            schedule.step(loss);
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
        }
        Assert.Equal([0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625], rates);
    }
}
