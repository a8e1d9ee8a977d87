using System.Reflection;
using GShard.Generator.Tests.Writing;
using Microsoft.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace GShard.Generator.Tests.Equivalence;

/// <summary>
/// Networks over images and sequences that are split along the dims that windows slide over: the generated code on several ranks against the plain module
/// under libtorch's autograd, also where a rank has no row.
/// </summary>
public sealed class SplitImageTests
{
    private const string Image = """
        using GShard;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        /// <summary>Down by a pool, up by a transposed convolution; borders by reflection, by repetition and from the other end.</summary>
        [Sharded, Mesh("space")]
        public sealed partial class ImageNet : nn.Module<Tensor, Tensor>
        {
            [Shape("4 3 3 3")] private readonly Parameter stem;
            [Shape("4")] private readonly Parameter stemBias;
            [Shape("4 4 5 5")] private readonly Parameter mixer;
            [Shape("4 2 3 3")] private readonly Parameter grouped;
            [Shape("4 2 4 4")] private readonly Parameter up;
            [Shape("2")] private readonly Parameter upBias;

            public ImageNet() : base("ImageNet")
            {
                stem = Parameter(torch.randn(4, 3, 3, 3));
                stemBias = Parameter(torch.randn(4));
                mixer = Parameter(torch.randn(4, 4, 5, 5));
                grouped = Parameter(torch.randn(4, 2, 3, 3));
                up = Parameter(torch.randn(4, 2, 4, 4));
                upBias = Parameter(torch.randn(2));
                RegisterComponents();
            }

            [return: Split(2, "space")]
            public override Tensor forward([Split(2, "space"), Shape("N 3 H W")] Tensor x)
            {
                var wide = functional.relu(functional.conv2d(x, stem, stemBias, padding: new long[] { 1, 1 }));
                var small = functional.max_pool2d(wide, new long[] { 2, 2 });
                var mixed = functional.conv2d(small, mixer, padding: new long[] { 4, 4 }, dilation: new long[] { 2, 2 });
                var soft = functional.avg_pool2d(mixed, new long[] { 3, 3 }, new long[] { 1, 1 }, new long[] { 1, 1 });
                var framed = functional.conv2d(functional.pad(soft, new long[] { 1, 1, 1, 1 }, PaddingModes.Reflect), grouped, groups: 2);
                var repeated = functional.avg_pool2d(functional.pad(framed, new long[] { 0, 0, 2, 1 }, PaddingModes.Replicate), new long[] { 4, 1 }, new long[] { 1, 1 });
                var round = functional.avg_pool2d(functional.pad(repeated, new long[] { 0, 0, 1, 1 }, PaddingModes.Circular), new long[] { 3, 1 }, new long[] { 1, 1 });
                return functional.conv_transpose2d(round, up, upBias, strides: new long[] { 2, 2 }, padding: new long[] { 1, 1 });
            }
        }
        """;

    private static readonly Lazy<(Assembly Assembly, string Text)> Compiled = new(Compile);

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 8)]
    [InlineData(3, 10)]
    [InlineData(4, 4)]
    public void A_network_on_a_split_image_computes_what_the_plain_module_does(int ranks, int height)
    {
        torch.random.manual_seed(3);
        dynamic plain = Activator.CreateInstance(Compiled.Value.Assembly.GetType("ImageNet")!)!;
        ((nn.Module)plain).to(ScalarType.Float64);
        var x = rand(2, 3, height, 6, dtype: ScalarType.Float64).requires_grad_();
        Tensor expected = plain.forward(x);
        var seed = rand_like(expected) - 0.5;
        expected.backward([seed]);
        var parameters = ((nn.Module)plain).parameters().ToList();

        using var off = no_grad();
        var results = DeviceMesh.RunInProcess([("space", ranks)], mesh =>
        {
            dynamic sharded = plain.Shard(mesh);
            using var recording = enable_grad();
            Tensor actual = sharded.forward(mesh.Scatter(x.detach(), 2, "space"));
            Tensor cotangent = mesh.Scatter(seed, 2, "space");
            var gradient = (Tensor)((object)sharded).GetType().GetMethod("Backward", [typeof(Tensor)])!.Invoke((object)sharded, [cotangent])!;
            return (Tensor?[])[mesh.Gather(actual.detach(), 2, "space"), mesh.Gather(gradient, 2, "space"), .. ((nn.Module)sharded).parameters().Select(p => p.grad)];
        });

        Tensor?[] due = [expected, x.grad, .. parameters.Select(p => p.grad)];
        foreach (var actual in results)
            for (var i = 0; i < due.Length; i++)
            {
                Assert.Equal(due[i]!.shape, actual[i]!.shape);
                Assert.True((due[i]! - actual[i]!).abs().max().ToDouble() < 1e-9, $"result {i} on {ranks} ranks is off.");
            }
    }

    [Fact]
    public void The_generated_code_says_what_it_exchanges()
    {
        var text = Compiled.Value.Text;
        Assert.Contains("// Window over 'space': H-split → H-split windows, 24·N·W bytes", text, StringComparison.Ordinal);
        Assert.Contains("var window = space.Window(x, dim: 2, stride: 1, start: -1, span: 3, count: H, size: H);", text, StringComparison.Ordinal);
        // Nobody gathers an image: only the gradients of rows at the borders.
        Assert.DoesNotContain("AllGather", text[..text.IndexOf("Backward(", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.DoesNotMatch(@"AllGather[^\n]*\bH\b", text);
    }

    private static (Assembly Assembly, string Text) Compile()
    {
        var (files, compilation) = Source.Generate([Image]);
        using var stream = new MemoryStream();
        var emitted = compilation.Emit(stream);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(20)) + string.Join("\n", files.Values));
        return (Assembly.Load(stream.ToArray()), files["ImageNet.g.cs"]);
    }
}
