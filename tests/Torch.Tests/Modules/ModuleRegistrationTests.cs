using TorchSharp.Modules;

namespace GShard.Torch.Tests.Modules;

public sealed class ModuleRegistrationTests
{
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Linear up = nn.Linear(2, 3);
        private readonly ModuleList<Linear> layers = nn.ModuleList(nn.Linear(3, 3), nn.Linear(3, 3, hasBias: false));
        private readonly Dropout drop = nn.Dropout(0.5);
        private readonly Tensor table = arange(3);
        public Parameter scale = nn.Parameter(ones(3));

        public Block()
            : base(nameof(Block))
        {
            RegisterComponents();
            register_buffer("scratch", zeros(1), persistent: false);
        }

        public Tensor Table => table;

        public bool Drops => drop.training;

        public override Tensor forward(Tensor input)
        {
            var x = up.call(input);
            foreach (var layer in layers) x = layer.call(x);
            return x * scale;
        }
    }

    [Fact]
    public void Fields_are_registered_by_name_and_a_plain_tensor_as_a_buffer()
    {
        using var block = new Block();
        Assert.Equal(
            ["scale", "up.weight", "up.bias", "layers.0.weight", "layers.0.bias", "layers.1.weight"],
            block.named_parameters().Select(pair => pair.name));
        Assert.Equal(["table", "scratch"], block.named_buffers().Select(pair => pair.name));
        Assert.Equal(["up", "layers", "drop"], block.named_children().Select(pair => pair.name));
        Assert.Equal(["up", "layers", "drop", "layers.0", "layers.1"], block.named_modules().Select(pair => pair.name));
    }

    [Fact]
    public void State_has_parameters_and_persistent_buffers()
    {
        using var block = new Block();
        Assert.Equal(
            ["layers.0.bias", "layers.0.weight", "layers.1.weight", "scale", "table", "up.bias", "up.weight"],
            block.state_dict().Keys.Order());
        Assert.Contains("model.up.weight", block.state_dict(prefix: "model").Keys);
    }

    [Fact]
    public void A_parameter_is_found_by_its_full_name()
    {
        using var block = new Block();
        Assert.Same(block.scale, block.get_parameter("scale"));
        Assert.Equal([3, 2], block.get_parameter("up.weight")!.shape);
        Assert.True(block.has_parameter("layers.0.bias"));
        Assert.False(block.has_parameter("layers.1.bias"));
        Assert.True(block.has_buffer("table"));
        Assert.Null(block.get_parameter("up.nothing"));
    }

    [Fact]
    public void Modes_reach_every_submodule()
    {
        using var block = new Block();
        Assert.True(block.training);
        Assert.True(block.Drops);
        block.eval();
        Assert.False(block.training);
        Assert.False(block.Drops);
        Assert.All(block.modules(), module => Assert.False(module.training));
        block.train();
        Assert.True(block.Drops);
    }

    [Fact]
    public void Apply_visits_children_before_their_parent()
    {
        using var block = new Block();
        var visited = new List<string>();
        block.apply(module => visited.Add(module.GetName()));
        Assert.Equal(["Linear", "Linear", "Linear", "ModuleList", "Dropout", "Block"], visited);
    }

    [Fact]
    public void A_loaded_state_replaces_the_values()
    {
        using var from = new Block();
        using var to = new Block();
        to.load_state_dict(from.state_dict());
        Numbers.AssertClose(Numbers.Of(from.get_parameter("up.weight")!), to.get_parameter("up.weight")!);
        Assert.NotSame(from.scale, to.scale);
    }

    [Fact]
    public void A_state_that_does_not_match_is_named()
    {
        using var block = new Block();
        var state = block.state_dict();
        state.Remove("scale");
        state.Add("extra", state["table"]);
        var error = Assert.Throws<InvalidOperationException>(() => block.load_state_dict(state));
        Assert.Contains("missing [scale], unexpected [extra]", error.Message, StringComparison.Ordinal);
        var (missing, unexpected) = block.load_state_dict(state, strict: false);
        Assert.Equal(["scale"], missing);
        Assert.Equal(["extra"], unexpected);
    }

    [Fact]
    public void A_saved_module_loads_with_the_same_values()
    {
        using var from = new Block();
        using var to = new Block();
        using var stream = new MemoryStream();
        from.save(stream);
        stream.Position = 0;
        var loaded = new Dictionary<string, bool>();
        to.load(stream, loadedParameters: loaded);
        Assert.All(loaded.Values, Assert.True);
        foreach (var (name, value) in from.state_dict()) Numbers.AssertClose(Numbers.Of(value), to.state_dict()[name]);
    }

    [Fact]
    public void A_conversion_replaces_fields_and_registry_alike_and_leaves_integers()
    {
        using var block = new Block().to(ScalarType.Float64);
        Assert.Same(block.scale, block.get_parameter("scale"));
        Assert.Same(block.Table, block.get_buffer("table"));
        Assert.All(block.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.All(block.parameters(), parameter => Assert.True(parameter.requires_grad));
        Assert.Equal(ScalarType.Int64, block.Table.dtype);
        using var y = block.call(ones(1, 2, dtype: ScalarType.Float64));
        Assert.Equal(ScalarType.Float64, y.dtype);
    }

    [Fact]
    public void A_shared_parameter_is_listed_once_and_still_shared_after_a_conversion()
    {
        using var first = nn.Linear(2, 2, hasBias: false);
        using var second = nn.Linear(first.weight);
        using var both = nn.Sequential(("first", first), ("second", second));
        Assert.Equal(["first.weight"], both.named_parameters().Select(pair => pair.name));
        both.to(ScalarType.Float64);
        Assert.Same(first.weight, second.weight);
        Assert.Equal(["first.weight", "second.weight"], both.state_dict().Keys);
    }

    [Fact]
    public void A_name_is_registered_once()
    {
        using var block = new Block();
        Assert.Throws<InvalidOperationException>(() => block.register_parameter("scale", nn.Parameter(ones(1))));
        Assert.Throws<InvalidOperationException>(() => block.register_module("up", nn.Identity()));
        Assert.Throws<ArgumentException>(() => block.register_module("a.b", nn.Identity()));
        Assert.Throws<InvalidOperationException>(() => nn.ReLU().register_parameter("weight", nn.Parameter(ones(1))));
    }

    [Fact]
    public void A_parameter_may_be_registered_by_a_full_name()
    {
        using var block = new Block();
        block.register_parameter("inner.weight", nn.Parameter(ones(1)));
        Assert.Contains("inner.weight", block.state_dict().Keys);
        Assert.NotNull(block.get_parameter("inner.weight"));
    }

    [Fact]
    public void A_module_built_inside_a_scope_outlives_it_and_ends_with_its_own_disposal()
    {
        Block block;
        using (NewDisposeScope()) block = new Block();
        Assert.False(block.scale.IsInvalid);
        Assert.False(block.get_parameter("layers.0.weight")!.IsInvalid);
        var weight = block.get_parameter("up.weight")!;
        block.Dispose();
        Assert.True(block.scale.IsInvalid);
        Assert.True(weight.IsInvalid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Zero_grad_removes_or_zeroes_gradients(bool remove)
    {
        using var block = new Block();
        using var y = block.call(ones(1, 2)).sum();
        y.backward();
        using (var gradient = block.scale.grad) Assert.NotNull(gradient);
        block.zero_grad(remove);
        using var after = block.scale.grad;
        if (remove) Assert.Null(after);
        else Numbers.AssertClose([0, 0, 0], after!);
    }
}
