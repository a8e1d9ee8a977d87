using System.Collections.Immutable;
using GShard.Compiler.Shardings;
using GShard.Generator.Reading;

namespace GShard.Generator.Tests.Reading;

public class AnnotationReadingTests
{
    [Theory]
    [InlineData("x=2, y=4", "1 2 4", "0 1 2 3 4 5 6 7", "- x y")]
    [InlineData("x=2, y=4", "4 2", "0 4 1 5 2 6 3 7", "y x")]
    [InlineData("x=2, y=4", "8", "0 1 2 3 4 5 6 7", "xy")]
    [InlineData("x=2, y=4", "8", "0 4 1 5 2 6 3 7", "yx")]
    [InlineData("x=2, y=4", "2 1 4", "0 1 2 3 4 5 6 7", "x - y")]
    [InlineData("x=2, y=2, z=2", "4 2", "0 1 4 5 2 3 6 7", "yx z")]
    [InlineData("x=2, y=4", "4 2", "0 1 2 3 4 5 6 7", "y x on 0 2 4 6 1 3 5 7")]
    [InlineData("device", "1 4", "0 1 2 3", "- device")]
    [InlineData("device", "1 4", "3 2 1 0", "- device on 3 2 1 0")]
    [InlineData("x=2, y=2", "2 2", "0 3 1 2", "x y on 0 3 1 2")]
    [InlineData("x=2, y=2", "2 2", "0 1 2 2", null)]
    [InlineData("x=2, y=4", "2 1", "0 1", null)]
    [InlineData("x=2, y=4", "2 4", "0 1 2", null)]
    public void A_tile_over_devices_is_a_split_over_axes(string mesh, string tile, string devices, string? axes)
    {
        var found = TileAxes.Find(Mesh(mesh), Integers(tile), Integers(devices), Integers(tile).Length);
        Assert.Equal(axes, found is null ? null : string.Join(" ", found.Axes.Select(a => a.IsEmpty ? "-" : string.Concat(a))) + (found.Devices.IsEmpty ? "" : " on " + string.Join(" ", found.Devices)));
    }

    [Theory]
    [InlineData("[Split(0, \"model\")]", "float[E@model,M]")]
    [InlineData("[Split(-1, 4, Axis = \"model\")]", "float[E,M@model]")]
    [InlineData("[Split(0, \"data\"), Split(0, \"model\")]", "float[E@data@model,M]")]
    [InlineData("[Split(1, \"model\"), Split(0, \"data\")]", "float[E@data,M@model]")]
    [InlineData("[Shard(new[] { 2, 4 }, new[] { 0, 1, 2, 3, 4, 5, 6, 7 })]", "float[E@data,M@model]")]
    [InlineData("[Replicate]", "float[E,M]")]
    public void Annotations_are_placements_over_named_axes(string annotation, string type)
    {
        var result = ModelCompilation.Read(Reader.Model("=> x;", annotation + " [Shape(\"E M\")] private readonly Parameter w;").Replace("[Sharded]", "[Sharded, Mesh(\"data\", 2), Mesh(\"model\", 4)]"));
        Assert.Empty(result.Findings);
        Assert.Equal(type, Assert.Single(result.Class!.Weights).Type.ToString());
    }

    [Fact]
    public void Properties_are_read_like_fields()
    {
        var program = Reader.Program(Reader.Model("=> Up.forward(x) * Scale;", "[Split(0, 8), Shape(\"H M\")] public Linear Up { get; } = Linear(4, 8, hasBias: false); public double Scale { get; init; }"));
        Assert.Contains("weight Up.weight: float[H@device,M]", Reader.Head(program));
        Assert.Contains("mul_scalar[value=`Scale`]", program.ToString());
    }

    [Fact]
    public void An_assemblys_mesh_is_that_of_a_class_without_one()
    {
        var program = Reader.Program("[assembly: Mesh(\"data\"), Mesh(\"model\", 4)]\n" + Reader.Model("=> Sharding.Split(x, 2, \"model\");"));
        Assert.Equal("data, model=4", program.Mesh.ToString());
        Assert.Equal("float[B,T,M@model]", program.Body.Operations.Single(o => o.Name == "constraint").Result.Type.ToString());
    }

    [Fact]
    public void Promises_inside_a_method_are_kept()
    {
        var result = ModelCompilation.Read(Reader.Model("=> Sharding.Replicate(Sharding.Split(x, 0, 4));"));
        Assert.Equal(new Generator.Model.AxisPromise("device", 4, "x"), Assert.Single(result.Class!.Promises));
    }

    [Fact]
    public void An_uneven_split_is_remembered()
    {
        var result = ModelCompilation.Read(Reader.Model("=> x;", "[Split(0, 8, Uneven = true), Shape(\"E M\")] private readonly Parameter w;"));
        Assert.True(Assert.Single(result.Class!.Weights).Uneven);
    }

    [Fact]
    public void The_two_axes_of_a_tensor_parallel_layer_meet_in_its_program()
    {
        var program = Reader.Program("""
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                [Split(0, "model"), Shape("H M")] private readonly Linear up = Linear(4, 8);
                [Split(1, "model"), Shape("M H")] private readonly Linear down = Linear(8, 4);
                public Model() : base("model") { }
                [return: Split(0, "data")]
                public override Tensor forward([Split(0, "data"), Shape("B M")] Tensor x) => down.forward(up.forward(x).relu());
            }
            """);
        Assert.Contains("linearBias: float[B@data,H@model] = linear_bias(x, up.weight, up.bias)", program.ToString());
        Assert.Contains("down.weight: float[M,H@model], weight down.bias: float[M]", program.ToString());
    }

    private static Mesh Mesh(string text) => new([.. text.Split(", ").Select(a => a.Split('=')).Select(a => new GShard.Compiler.Shardings.MeshAxis(a[0], a.Length > 1 ? long.Parse(a[1]) : null))]);

    private static ImmutableArray<int> Integers(string text) => [.. text.Split(' ').Select(int.Parse)];
}
