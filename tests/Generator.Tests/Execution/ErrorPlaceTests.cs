using System.Runtime.Loader;
using GShard.Generator.Tests.Reading;
using GShard.Generator.Tests.Writing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Emit;
using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>An error at run time names the line of the model's own source.</summary>
public class ErrorPlaceTests
{
    private const string Text = """
        namespace Models;

        [Sharded, Mesh("model")]
        public sealed partial class Layer : nn.Module<Tensor, Tensor>
        {
            [Split(1, "model"), Shape("M H")] private readonly Parameter up = new(ones(4, 6));
            [Split(0, "model"), Shape("H M")] private readonly Parameter down = new(ones(6, 4));
            [Replicate, Shape("M")] private readonly Parameter scale = new(ones(4));

            public Layer() : base("Layer") => RegisterComponents();

            [return: Replicate]
            public override Tensor forward([Replicate, Shape("B M")] Tensor x)
            {
                var hidden = matmul(x, up).relu();
                var y = matmul(hidden, down);
                return y.relu() * scale;
            }
        }

        [Sharded, Mesh("model")]
        public sealed partial class Projection : nn.Module<Tensor, Tensor>
        {
            [Replicate, Shape("M H")] private readonly Parameter weight = new(ones(4, 6));

            public Projection() : base("Projection") => RegisterComponents();

            [return: Split(0, "model")]
            public override Tensor forward([Split(0, "model"), Shape("B M")] Tensor x) =>
                matmul(x, weight);
        }

        [Sharded, Mesh("model")]
        public sealed partial class Model : nn.Module<Tensor, Tensor>
        {
            private readonly ModuleList<Layer> layers = new(new Layer(), new Layer());

            public Model() : base("Model") => RegisterComponents();

            [return: Replicate]
            public override Tensor forward([Replicate, Shape("B M")] Tensor x)
            {
                foreach (var layer in layers) x = layer.forward(x);
                return x;
            }
        }
        """;

    // The file of global usings is 0.cs.
    private static readonly string Reduced = $"1.cs:{LineOf("y.relu() * scale")}";
    private static readonly string Called = $"1.cs:{LineOf("layer.forward(x)")}";

    // Optimised code tells the line of a statement in a loop; where that holds several, not always which.
    [Theory]
    [InlineData(OptimizationLevel.Debug)]
    [InlineData(OptimizationLevel.Release)]
    public void A_rank_that_is_late_is_waited_for_at_a_line_of_the_model(OptimizationLevel level)
    {
        using var release = new ManualResetEventSlim();
        var failure = Fails(Compile(level), (model, mesh) =>
        {
            mesh.Barrier();
            mesh.Timeout = TimeSpan.FromSeconds(2);
            if (mesh.Rank == 1)
            {
                release.Wait(TimeSpan.FromSeconds(20));
                return;
            }

            try
            {
                model.forward(ones(3, 4));
            }
            finally
            {
                release.Set();
            }
        });
        Says(
            $"rank 0 waited 2 s in AllReduce(f32[3, 4]) over 'model' (called by Layer.forward, for relu ({Reduced}), from Model.forward, in {(level == OptimizationLevel.Debug ? "layer.forward" : "")}",
            failure.Message);
        Says($"({Called})) for rank 1 (last seen in", failure.Message);
    }

    [Theory]
    [InlineData(OptimizationLevel.Debug)]
    [InlineData(OptimizationLevel.Release)]
    public void A_rank_that_leaves_out_the_backward_is_waited_for_at_the_line_whose_gradient_it_is(OptimizationLevel level)
    {
        var failure = Fails(Compile(level), (model, mesh) =>
        {
            var y = model.forward(ones(3, 4));
            if (mesh.Rank == 0) CompiledModel.Call(model, "Backward", ones_like(y));
        });
        Says(
            $"rank 1 has returned, but rank 0 waits for it in AllReduce(f32[3, 4]) over 'model' (called by Layer.forward's backward, for the returned gradient (1.cs:{LineOf("matmul(x, up)")}), from Model.forward's backward, in {(level == OptimizationLevel.Debug ? "layer.forward" : "")}",
            failure.Message);
        Says($"({Called}));", failure.Message);
    }

    [Fact]
    public void The_sum_of_a_gradient_is_named_with_the_line_that_uses_the_parameter()
    {
        var failure = Fails(Compile(OptimizationLevel.Debug, model: "Projection"), (model, mesh) =>
        {
            var y = model.forward(ones(3, 4));
            if (mesh.Rank == 0) CompiledModel.Call(model, "Backward", ones_like(y));
        });
        Says($"waits for it in AllReduce(f32[4, 6]) over 'model' (called by Projection.forward's backward, the gradient of weight (1.cs:{LineOf("matmul(x, weight)")}));", failure.Message);
    }

    [Fact]
    public void Ranks_that_disagree_are_named_with_the_line_of_the_model()
    {
        var failure = Fails(Compile(OptimizationLevel.Debug), (model, mesh) => model.forward(ones(3 + mesh.Rank, 4)));
        Says($"the shapes must be equal. Rank 1 called it in Layer.forward, for relu ({Reduced}), from Model.forward, in layer.forward ({Called}).", failure.Message);
    }

    [Fact]
    public void An_exception_in_a_model_is_told_with_the_line_of_the_model()
    {
        var failure = Fails(Compile(OptimizationLevel.Debug), (model, mesh) => model.forward(ones(3, 4 + mesh.Rank)));
        Says($"(in Layer.forward, in matmul (1.cs:{LineOf("matmul(x, up)")}), from Model.forward, in layer.forward ({Called}))", failure.Message);
    }

    [Fact]
    public void Without_symbols_the_member_of_the_model_is_named()
    {
        var failure = Fails(Compile(OptimizationLevel.Debug, hasSymbols: false), (model, mesh) => model.forward(ones(3 + mesh.Rank, 4)));
        Says("the shapes must be equal. Rank 1 called it in Layer.forward, from Model.forward.", failure.Message);
    }

    private static void Says(string expected, string message) => Assert.True(message.Contains(expected, StringComparison.Ordinal), $"'{expected}' is not in: {message}");

    private static RankFailedException Fails(Type type, Action<nn.Module<Tensor, Tensor>, DeviceMesh> body)
    {
        using var plain = (nn.Module)Activator.CreateInstance(type)!;
        plain.train();
        return Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("model", 2)], mesh => body((nn.Module<Tensor, Tensor>)CompiledModel.Shard(plain, mesh), mesh)));
    }

    private static Type Compile(OptimizationLevel level, bool hasSymbols = true, string model = "Model")
    {
        var compilation = ModelCompilation.Of(Text);
        Source.Driver().RunGeneratorsAndUpdateCompilation(compilation.WithOptions(compilation.Options.WithOptimizationLevel(level)), out var complete, out _);
        using var assembly = new MemoryStream();
        using var symbols = new MemoryStream();
        var emitted = hasSymbols
            ? complete.Emit(assembly, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb))
            : complete.Emit(assembly);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        (assembly.Position, symbols.Position) = (0, 0);
        var context = new AssemblyLoadContext(null);
        return (hasSymbols ? context.LoadFromStream(assembly, symbols) : context.LoadFromStream(assembly)).GetType("Models." + model)!;
    }

    private static int LineOf(string what) => Assert.Single(Text.Split('\n').Select((line, i) => (line, i)), l => l.line.Contains(what, StringComparison.Ordinal)).i + 1;
}
