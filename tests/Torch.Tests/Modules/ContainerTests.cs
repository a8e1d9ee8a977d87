namespace GShard.Torch.Tests.Modules;

public sealed class ContainerTests
{
    [Fact]
    public void Sequential_runs_in_order_and_names_by_position()
    {
        using var model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1));
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], model.named_parameters().Select(pair => pair.name));
        using var x = ones(4, 2);
        using var y = model.call(x);
        using var step0 = model[0].call(x);
        using var step1 = model[1].call(step0);
        using var step2 = model[2].call(step1);
        Numbers.AssertClose(Numbers.Of(step2), y);
    }

    [Fact]
    public void Sequential_disposes_what_lies_between_its_modules()
    {
        using var model = nn.Sequential(("up", nn.Linear(2, 3)), ("act", nn.ReLU()), ("down", nn.Linear(3, 1)));
        using var x = ones(4, 2);
        using var scope = NewDisposeScope();
        using var y = model.call(x);
        Assert.Equal(1, scope.DisposablesCount);
        using var loss = y.sum();
        loss.backward();
        using var gradient = model.get_parameter("up.weight")!.grad;
        Assert.NotNull(gradient);
    }

    [Fact]
    public void A_range_of_a_sequential_shares_its_modules()
    {
        using var model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1));
        var head = model[..2];
        Assert.Equal(2, head.Count);
        Assert.Same(model[0], head[0]);
    }

    [Fact]
    public void A_module_list_renames_when_it_changes()
    {
        var list = nn.ModuleList(nn.Linear(1, 1), nn.Linear(2, 2));
        var inserted = nn.Linear(3, 3);
        list.Insert(0, inserted);
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"], list.named_parameters().Select(pair => pair.name));
        Assert.Same(inserted, list[0]);
        list.RemoveAt(0);
        Assert.Equal([1, 1], list.get_parameter("0.weight")!.shape);
        Assert.Equal(2, list.Count);
    }

    [Fact]
    public void A_module_dict_registers_under_its_keys_in_order()
    {
        var dictionary = nn.ModuleDict(("b", nn.Linear(1, 1)), ("a", nn.Linear(1, 1, hasBias: false)));
        Assert.Equal(["b.weight", "b.bias", "a.weight"], dictionary.named_parameters().Select(pair => pair.name));
        Assert.True(dictionary.Remove("b"));
        Assert.Equal(["a.weight"], dictionary.named_parameters().Select(pair => pair.name));
        Assert.Equal(["a"], dictionary.Keys);
    }

    [Fact]
    public void Parameter_lists_and_dicts_name_their_parameters()
    {
        using var list = nn.ParameterList(nn.Parameter(ones(1)), nn.Parameter(ones(2)));
        Assert.Equal(["0", "1"], list.named_parameters().Select(pair => pair.name));
        list.RemoveAt(0);
        Assert.Equal([2], list.get_parameter("0")!.shape);
        using var dictionary = nn.ParameterDict(("w", nn.Parameter(ones(1))));
        dictionary["v"] = nn.Parameter(ones(2));
        Assert.Equal(["w", "v"], dictionary.named_parameters().Select(pair => pair.name));
    }

    [Fact]
    public void An_ordered_dictionary_keeps_the_order_of_insertion()
    {
        var dictionary = new TorchSharp.Utils.OrderedDict<string, int> { { "z", 1 }, { "a", 2 } };
        dictionary.Insert(1, ("m", 3));
        dictionary["z"] = 4;
        Assert.Equal([("z", 4), ("m", 3), ("a", 2)], dictionary.ToList<(string, int)>());
        dictionary.RemoveAt(0);
        Assert.Equal(["m", "a"], dictionary.keys());
        Assert.Equal(("a", 2), dictionary[1]);
    }
}
