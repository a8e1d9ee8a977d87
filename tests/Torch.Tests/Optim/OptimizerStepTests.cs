using GShard.Torch.Tests.Modules;
using TorchSharp.Modules;

namespace GShard.Torch.Tests.Optim;

/// <summary>Three steps from [1, −2, 3] with given gradients. The numbers are PyTorch 1.13.1's, in float64.</summary>
public sealed class OptimizerStepTests
{
    private static readonly double[][] s_gradients = [[0.1, -0.2, 0.3], [0.4, 0.0, -0.5], [-0.6, 0.7, 0.05]];

    public static TheoryData<string, double[]> Cases => new()
    {
        { "SGD", [1.01, -2.05, 3.015] },
        { "SGD, momentum, dampening, weight decay", [0.96077114725, -1.9725222945, 2.95127094175] },
        { "SGD, Nesterov", [0.97121, -2.06422, 3.02283] },
        { "Adam", [0.825516632913, -1.88020605911, 2.94650423235] },
        { "Adam, weight decay, AMSGrad", [0.901938132653, -1.90951955802, 2.90491472156] },
        { "Adam, maximize", [1.17448336709, -2.11979394089, 3.05349576765] },
        { "AdamW", [0.798690009174, -1.82346411722, 2.85909767108] },
        { "AdamW, AMSGrad", [0.798690009174, -1.82349729339, 2.85909767108] },
        { "Adagrad", [0.97571552765, -2.0254456773, 2.99223745948] },
        { "RMSProp", [-0.144861140411, -1.96224717977, 2.77265426434] },
        { "RMSProp, centered, momentum", [-0.268803209611, -1.35738678234, 2.55580615171] },
    };

    private static torch.optim.Optimizer Create(string name, Parameter[] parameters) => name switch
    {
        "SGD" => torch.optim.SGD(parameters, 0.1),
        "SGD, momentum, dampening, weight decay" => torch.optim.SGD(parameters, 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01),
        "SGD, Nesterov" => torch.optim.SGD(parameters, 0.1, momentum: 0.9, nesterov: true),
        "Adam" => torch.optim.Adam(parameters, 0.1),
        "Adam, weight decay, AMSGrad" => torch.optim.Adam(parameters, 0.05, 0.8, 0.95, 1e-3, 0.1, amsgrad: true),
        "Adam, maximize" => torch.optim.Adam(parameters, 0.1, maximize: true),
        "AdamW" => torch.optim.AdamW(parameters, 0.1, weight_decay: 0.1),
        "AdamW, AMSGrad" => torch.optim.AdamW(parameters, 0.1, weight_decay: 0.1, amsgrad: true),
        "Adagrad" => torch.optim.Adagrad(parameters, 0.1, lr_decay: 0.05, weight_decay: 0.01, initial_accumulator_value: 0.2),
        "RMSProp" => torch.optim.RMSProp(parameters, 0.1),
        "RMSProp, centered, momentum" => torch.optim.RMSProp(parameters, 0.1, alpha: 0.9, momentum: 0.9, centered: true, weight_decay: 0.01),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such case."),
    };

    private static Parameter Start() => new(Numbers.Doubles([3], 1, -2, 3));

    private static void Step(torch.optim.Optimizer optimizer, Parameter parameter, double[] gradient)
    {
        using var value = Numbers.Doubles([3], gradient);
        parameter.grad = value;
        optimizer.step();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Three_steps_reach_PyTorchs_numbers(string name, double[] expected)
    {
        using var parameter = Start();
        using var optimizer = Create(name, [parameter]);
        foreach (var gradient in s_gradients) Step(optimizer, parameter, gradient);
        Numbers.AssertClose(expected, parameter);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void State_saved_after_two_steps_and_loaded_gives_the_third_step(string name, double[] expected)
    {
        using var parameter = Start();
        using var optimizer = Create(name, [parameter]);
        Step(optimizer, parameter, s_gradients[0]);
        Step(optimizer, parameter, s_gradients[1]);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        ((OptimizerHelper)optimizer).save_state_dict(writer);
        stream.Position = 0;

        using var copy = new Parameter(parameter.detach().clone());
        using var resumed = (OptimizerHelper)Create(name, [copy]);
        using var reader = new BinaryReader(stream);
        resumed.load_state_dict(reader);
        Step(resumed, copy, s_gradients[2]);
        Numbers.AssertClose(expected, copy);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_step_inside_a_dispose_scope_keeps_the_state_and_leaves_no_tensor(string name, double[] expected)
    {
        using var parameter = Start();
        using var optimizer = Create(name, [parameter]);
        foreach (var gradient in s_gradients)
        {
            using var scope = torch.NewDisposeScope();
            Step(optimizer, parameter, gradient);
            Assert.Equal(0, scope.DisposablesCount);
        }
        Numbers.AssertClose(expected, parameter);
    }

    [Fact]
    public void A_parameter_without_gradient_stays()
    {
        using var parameter = Start();
        using var optimizer = torch.optim.AdamW([parameter], weight_decay: 0.1);
        optimizer.step();
        Numbers.AssertClose([1, -2, 3], parameter);
    }

    [Fact]
    public void A_closure_computes_the_loss_with_gradients_recorded()
    {
        using var parameter = Start();
        using var optimizer = torch.optim.SGD([parameter], 0.5);
        using var off = torch.no_grad();
        using var loss = optimizer.step(() =>
        {
            optimizer.zero_grad();
            var squares = parameter.pow(2).sum();
            squares.backward();
            return squares;
        });
        Assert.Equal(14, loss.item<double>(), 10);
        Numbers.AssertClose([0, 0, 0], parameter);
    }

    [Fact]
    public void Groups_have_rates_of_their_own_and_take_the_rest_from_the_defaults()
    {
        using var fast = Start();
        using var slow = Start();
        using var optimizer = torch.optim.SGD(
            [new SGD.ParamGroup([fast], new SGD.Options { LearningRate = 1 }), new SGD.ParamGroup { Parameters = [slow] }], 0.1);
        using var gradient = torch.ones(3, dtype: torch.ScalarType.Float64);
        fast.grad = gradient;
        slow.grad = gradient;
        optimizer.step();
        Numbers.AssertClose([0, -3, 2], fast);
        Numbers.AssertClose([0.9, -2.1, 2.9], slow);
        Assert.Equal([1, 0.1], optimizer.ParamGroups.Select(group => group.LearningRate));
    }

    [Fact]
    public void Zero_grad_removes_the_gradients()
    {
        using var parameter = Start();
        using var optimizer = torch.optim.SGD([parameter], 0.1);
        using var gradient = torch.ones(3, dtype: torch.ScalarType.Float64);
        parameter.grad = gradient;
        optimizer.zero_grad();
        Assert.Null(parameter.grad);
    }

    [Fact]
    public void A_parameter_in_two_groups_is_refused()
    {
        using var parameter = Start();
        using var optimizer = torch.optim.SGD([parameter], 0.1);
        var error = Assert.Throws<ArgumentException>(() => optimizer.add_param_group(new SGD.ParamGroup { Parameters = [parameter] }));
        Assert.Contains("[3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_of_another_optimizer_is_refused()
    {
        using var parameter = Start();
        using var adam = torch.optim.Adam([parameter]);
        using var sgd = torch.optim.SGD([parameter], 0.1);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        adam.save_state_dict(writer);
        stream.Position = 0;
        using var reader = new BinaryReader(stream);
        var error = Assert.Throws<InvalidOperationException>(() => sgd.load_state_dict(reader));
        Assert.Contains("Adam", error.Message, StringComparison.Ordinal);
    }
}
