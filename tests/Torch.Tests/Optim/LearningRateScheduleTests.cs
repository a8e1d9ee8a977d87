using TorchSharp.Modules;
using static TorchSharp.torch.optim;

namespace GShard.Torch.Tests.Optim;

/// <summary>Epochs from a rate of 0.5. The numbers are PyTorch 1.13.1's.</summary>
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
        { "sequence", [0.05, 0.1625, 0.275, 0.3875, 0.5, 0.4671762239, 0.3775, 0.255, 0.1325, 0.04282377607, 0.01, 0.04282377607] },
        { "sequence of three", [0.05, 0.05, 0.5, 0.45, 0.405, 0.3645, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125] },
        { "cyclic", [0.1, 0.2333333333, 0.3666666667, 0.5, 0.3, 0.1, 0.2333333333, 0.3666666667, 0.5, 0.3, 0.1, 0.2333333333] },
        { "cyclic, halved", [0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3, 0.2, 0.1, 0.15, 0.2, 0.15] },
        { "cyclic, decaying", [0.1, 0.28, 0.424, 0.2458, 0.1, 0.218098, 0.3125764, 0.19565938, 0.1, 0.1774840978, 0.239471376, 0.1627621192] },
        { "one cycle", [0.02, 0.1748948271, 0.4396425796, 0.4972077177, 0.4665064849, 0.405872827, 0.3236894988, 0.2313185513, 0.1415304991, 0.06673876509, 0.01728349371, 2e-06] },
        { "one cycle in three phases", [0.02, 0.2046153846, 0.3892307692, 0.4261538462, 0.2415384615, 0.05692307692, 0.01724165517, 0.01379372414, 0.0103457931, 0.006897862069, 0.003449931034, 2e-06] },
        { "inverse square root", [0.125, 0.25, 0.375, 0.5, 0.44721359549996, 0.4082482905, 0.377964473, 0.3535533906, 0.3333333333, 0.316227766, 0.3015113446, 0.2886751346] },
    };

    /// <summary>The momentum that goes with the rates.</summary>
    public static TheoryData<string, double[]> Momenta => new()
    {
        { "cyclic", [0.9, 0.8666666667, 0.8333333333, 0.8, 0.85, 0.9, 0.8666666667] },
        { "cyclic, halved", [0.9, 0.85, 0.8, 0.85, 0.9, 0.875, 0.85, 0.875, 0.9, 0.8875] },
        { "one cycle", [0.95, 0.9177302444, 0.8625744626, 0.8505584587, 0.8566987298, 0.8688255099, 0.8852622413, 0.9037365047, 0.921694187, 0.9366525936, 0.9465436874, 0.95] },
        { "one cycle in three phases", [0.95, 0.9115384615, 0.8730769231, 0.8653846154, 0.9038461538, 0.9423076923, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95] },
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
        "sequence" => lr_scheduler.SequentialLR(optimizer, [lr_scheduler.LinearLR(optimizer, 0.1, 1, 4), lr_scheduler.CosineAnnealingLR(optimizer, 6, 0.01)], [4]),
        "sequence of three" => lr_scheduler.SequentialLR(optimizer, [lr_scheduler.ConstantLR(optimizer, 0.1, 2), lr_scheduler.ExponentialLR(optimizer, 0.9), lr_scheduler.StepLR(optimizer, 2, 0.5)], [2, 6]),
        "cyclic" => lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, 3, 2),
        "cyclic, halved" => lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, 2, mode: lr_scheduler.impl.CyclicLR.Mode.Triangular2),
        "cyclic, decaying" => lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, 2, mode: lr_scheduler.impl.CyclicLR.Mode.ExpRange, gamma: 0.9, cycle_momentum: false),
        "one cycle" => lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps: 12),
        "one cycle in three phases" => lr_scheduler.OneCycleLR(optimizer, 0.5, epochs: 3, steps_per_epoch: 4, three_phase: true, anneal_strategy: lr_scheduler.impl.OneCycleLR.AnnealStrategy.Linear),
        "inverse square root" => lr_scheduler.LambdaLR(optimizer, step => Math.Min((step + 1) / 4.0, Math.Sqrt(4.0 / (step + 1)))),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such case."),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_epoch_has_PyTorchs_rate(string name, double[] expected)
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5, momentum: 0.9);
        var schedule = Create(name, optimizer);
        for (var epoch = 0; epoch < expected.Length; epoch++)
        {
            if (epoch > 0) schedule.step();
            Assert.Equal(expected[epoch], optimizer.ParamGroups.Single().LearningRate, 9);
            Assert.Equal(expected[epoch], schedule.get_last_lr().Single(), 9);
        }
    }

    [Theory]
    [MemberData(nameof(Momenta))]
    public void The_momentum_goes_the_other_way(string name, double[] expected)
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5, momentum: 0.9);
        var schedule = Create(name, optimizer);
        foreach (var momentum in expected)
        {
            Assert.Equal(momentum, ((IMomentum)optimizer).Momentum, 9);
            schedule.step();
        }
    }

    [Fact]
    public void The_first_of_Adams_betas_is_its_momentum()
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.Adam([parameter], 0.5);
        var schedule = lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps: 12, pct_start: 0.5);
        foreach (var beta in (double[])[0.95, 0.9404508497, 0.9154508497, 0.8845491503, 0.8595491503, 0.85])
        {
            Assert.Equal(beta, ((IBetas)optimizer).Betas.Item1, 9);
            Assert.Equal(0.999, ((IBetas)optimizer).Betas.Item2);
            schedule.step();
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var parameter = new Parameter(torch.zeros(1));
        using var optimizer = torch.optim.SGD([parameter], 0.5);
        using var other = torch.optim.Adagrad([parameter], 0.5);
        Assert.Contains("Between 2 schedules there are 1 milestones, but 2 were given", Assert.Throws<ArgumentException>(() => lr_scheduler.SequentialLR(optimizer, [lr_scheduler.StepLR(optimizer, 1), lr_scheduler.StepLR(optimizer, 1)], [1, 2])).Message);
        Assert.Contains("one has another", Assert.Throws<ArgumentException>(() => lr_scheduler.SequentialLR(optimizer, [lr_scheduler.StepLR(other, 1)], [])).Message);
        Assert.Contains("Adagrad has no momentum", Assert.Throws<ArgumentException>(() => lr_scheduler.CyclicLR(other, 0.1, 0.5)).Message);
        Assert.Contains("2 values of max_lr for 1 groups", Assert.Throws<ArgumentException>(() => lr_scheduler.OneCycleLR(optimizer, [0.1, 0.2], 10)).Message);
        Assert.Contains("Give total_steps", Assert.Throws<ArgumentException>(() => lr_scheduler.OneCycleLR(optimizer, 0.1)).Message);
        var cycle = lr_scheduler.OneCycleLR(optimizer, 0.1, 2);
        cycle.step();
        cycle.step();
        Assert.Contains("step 4 was taken of 2", Assert.Throws<InvalidOperationException>(cycle.step).Message);
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
