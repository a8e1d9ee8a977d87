using System.Reflection;
using System.Text.RegularExpressions;
using GShard.Generator.Tests.Writing;
using Microsoft.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace GShard.Generator.Tests.Equivalence;

/// <summary>
/// Members of torch in an annotated method, through the reader, the compiler and the writer: what the generated code computes on two ranks
/// equals libtorch, and its backward equals libtorch's autograd.
/// </summary>
public sealed partial class MemberTests
{
    private const int Ranks = 2;

    private static readonly Dictionary<string, int> Numbers = MemberSamples.All.Select((s, i) => (s.Expression, i)).DistinctBy(s => s.Expression).ToDictionary(p => p.Expression, p => p.i);

    private static readonly Lazy<(Assembly Assembly, Dictionary<string, string> Errors)> Compiled = new(Compile);

    public static TheoryData<string> Samples => [.. Numbers.Keys];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Generated_code_computes_what_libtorch_does_and_its_backward_what_autograd_does(string expression)
    {
        torch.random.manual_seed(5);
        var name = "Sample" + Numbers[expression];
        Assert.False(Compiled.Value.Errors.TryGetValue(name, out var errors), errors);
        dynamic plain = Activator.CreateInstance(Compiled.Value.Assembly.GetType(name)!)!;
        ((nn.Module)plain).to(ScalarType.Float64);
        var x = (rand(6, 4, 10, dtype: ScalarType.Float64) * 3.4 - 1.7).requires_grad_();
        var y = (rand(6, 4, 10, dtype: ScalarType.Float64) * 3.4 - 1.7).requires_grad_();
        Tensor result = plain.forward(x, y);
        var seed = rand_like(result, dtype: ScalarType.Float64) - 0.5;
        if (result.requires_grad) result.backward([seed]);
        var parameters = ((nn.Module)plain).parameters().ToList();

        var differentiable = result.requires_grad;
        using var off = no_grad();
        var ranks = DeviceMesh.RunInProcess([("d", Ranks)], mesh =>
        {
            dynamic sharded = plain.Shard(mesh);
            Tensor actual = sharded.forward(mesh.Scatter(x.detach(), 0, "d"), y.detach());
            if (!differentiable) return [actual];
            using var recording = enable_grad();
            actual = sharded.forward(mesh.Scatter(x.detach(), 0, "d"), y.detach());
            var gradients = Backward(sharded, seed);
            return (Tensor?[])[actual.detach(), mesh.Gather(gradients.Item1, 0, "d"), gradients.Item2, .. ((nn.Module)sharded).parameters().Select(p => p.grad)];
        });

        Tensor?[] expected = [result, .. differentiable ? (Tensor?[])[x.grad, y.grad, .. parameters.Select(p => p.grad)] : []];
        string[] names = ["result", "gradient of x", "gradient of y", .. parameters.Select((_, i) => $"gradient of parameter {i}")];
        foreach (var actual in ranks)
            for (var i = 0; i < expected.Length; i++) AssertNear(expected[i], actual[i], names[i]);
    }

    private static (Tensor, Tensor) Backward(object sharded, Tensor seed) =>
        ((Tensor, Tensor))sharded.GetType().GetMethod("Backward", [typeof(Tensor)])!.Invoke(sharded, [seed])!;

    private static void AssertNear(Tensor? expected, Tensor? actual, string what)
    {
        if (expected is null && actual is null) return;
        expected ??= zeros_like(actual!);
        actual ??= zeros_like(expected);
        Assert.Equal(expected.shape, actual.shape);
        var (due, given) = (expected.to_type(ScalarType.Float64), actual.to_type(ScalarType.Float64));
        Assert.True(due.isfinite().all().ToBoolean(), $"{what}: libtorch's is not finite; choose another sample.");
        var off = ((due - given).abs() / due.abs().clamp_min(1)).max().ToDouble();
        Assert.True(off <= 1e-7, $"{what}: off by {off}.\nlibtorch {due.flatten().slice(0, 0, 8, 1).ToString(torch.julia)}\ngenerated {given.flatten().slice(0, 0, 8, 1).ToString(torch.julia)}");
    }

    /// <summary>The samples in one assembly; those whose source or generated code does not compile are left out, and their errors kept.</summary>
    private static (Assembly Assembly, Dictionary<string, string> Errors) Compile()
    {
        const string usings = "using GShard; using TorchSharp; using TorchSharp.Modules; using static TorchSharp.torch; using static TorchSharp.torch.nn;\n";
        var (_, compilation) = Source.Generate(MemberSamples.All.Select((sample, i) => usings + sample.Class(i)));
        var wrong = compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceTree is not null)
            .ToLookup(d => ClassName().Match(d.Location.SourceTree!.ToString()).Value);
        var sound = compilation.RemoveSyntaxTrees(compilation.SyntaxTrees.Where(t => wrong.Contains(ClassName().Match(t.ToString()).Value)));
        using var stream = new MemoryStream();
        var emitted = sound.Emit(stream);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(20)));
        return (Assembly.Load(stream.ToArray()), wrong.ToDictionary(g => g.Key, g => string.Join("\n", g)));
    }

    [GeneratedRegex(@"\bSample\d+\b")]
    private static partial Regex ClassName();
}
