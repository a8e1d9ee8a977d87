using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace GShard.Generator.Tests.Execution;

/// <summary>Random numbers drawn in a method are the same on any mesh, each rank drawing its own part.</summary>
public class RandomNumberTests
{
    [Theory]
    [InlineData("torch.rand_like(x)", true)]
    [InlineData("torch.rand(x.shape[0], x.shape[1]) + x * 0", true)]
    [InlineData("torch.randn_like(x) * 2", true)]
    [InlineData("torch.bernoulli(torch.sigmoid(x))", true)]
    [InlineData("functional.dropout(x, 0.3, training)", true)]
    [InlineData("x * torch.rand(x.shape[1])", false)]
    public void Every_mesh_draws_the_same(string body, bool isDrawnInParts)
    {
        var model = CompiledModel.Of($$"""
            [Sharded, Mesh("data"), Mesh("model")]
            public sealed partial class Model : nn.Module<Tensor, Tensor>
            {
                public Model() : base("model") { }
                [return: Split(0, "data", Uneven = true), Split(1, "model", Uneven = true)]
                public override Tensor forward([Split(0, "data", Uneven = true), Split(1, "model", Uneven = true), Shape("B M")] Tensor x) => {{body}};
            }
            """);
        Assert.Empty(model.Reading.Findings.Where(f => f.Finding.Severity == Compiler.Severity.Error));
        var forward = model.Reading.Class!.Methods[0].Program!.Forward;
        if (isDrawnInParts) Assert.DoesNotContain(forward.Body.AllOperations, o => o.Name == "slice");
        var x = Equivalence.Random(5, 7, 5);
        var whole = Run([("data", 1), ("model", 1)]);
        foreach (var (data, columns) in new[] { (2, 1), (2, 2), (3, 1), (1, 4), (2, 3), (2, 4), (8, 1), (1, 8) }) Assert.Equal(whole, Run([("data", data), ("model", columns)]));

        double[] Run((string, int)[] mesh)
        {
            CounterRandom.Seed(21);
            var plain = model.Create();
            var results = new ConcurrentBag<double[]>();
            DeviceMesh.RunInProcess(mesh, rank =>
            {
                CounterRandom.BeginStep(3);
                var part = rank.Axis("model").Slice(rank.Axis("data").Slice(x, 0), 1);
                var result = (Tensor)CompiledModel.Call(CompiledModel.Shard(plain, rank), "forward", part)!;
                results.Add(rank.Gather(rank.Gather(result, 1, "model"), 0, "data").detach().contiguous().data<double>().ToArray());
            });
            Assert.All(results, r => Assert.Equal(results.First(), r));
            return results.First();
        }
    }
}
