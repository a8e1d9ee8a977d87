using System.Reflection;
using System.Runtime.CompilerServices;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace GShard.Generator.Tests.Execution;

/// <summary>Holds generated code against the plain module under libtorch's autograd: results, and the gradients of arguments and parameters.</summary>
internal static class Equivalence
{
    private const double Tolerance = 1e-9;

    /// <summary>Runs <c>Model</c> plain, and sharded on the ranks of a mesh as <c>data=2, model=3</c>, each on threads of this process.</summary>
    public static void Check(string source, string mesh, params object[] arguments) => Check(CompiledModel.Of(source), mesh, "forward", arguments);

    /// <summary>Runs a method of a compiled model on both.</summary>
    public static void Check(CompiledModel model, string mesh, string method, params object[] arguments)
    {
        Assert.Empty(model.Reading.Findings.Where(f => f.Finding.Severity == Compiler.Severity.Error).Select(f => f.Finding.Id + ": " + f.Finding.Message));
        var described = model.Reading.Class!.Methods.Single(m => m.Name == method);
        var program = described.Program!;
        CounterRandom.Seed(3);
        CounterRandom.BeginStep(0);
        var plain = model.Create();
        // The plain forward changes buffers: shards are cut from what it began with.
        var untouched = plain.named_buffers().Any() ? model.Create() : plain;
        var taken = arguments.Select(a => a is Tensor tensor ? tensor.is_floating_point() ? tensor.detach().clone().requires_grad_() : tensor : a).ToArray();
        var results = Tensors(CompiledModel.Call(plain, method, taken)!);
        var seeds = results.Select((r, i) => Random(90 + i, [.. r.shape])).ToArray();
        var differentiable = program.DifferentiableResults;
        // A branch that is not taken, or a loop without turns, may be all that gradients flow through.
        var reached = differentiable.Where(i => results[i].requires_grad).ToList();
        if (reached.Count > 0) reached.Select(i => (results[i] * seeds[i]).sum()).Aggregate((a, b) => a + b).backward();

        DeviceMesh.RunInProcess(Axes(mesh), rank =>
        {
            CounterRandom.BeginStep(0);
            var sharded = CompiledModel.Shard(untouched, rank);
            sharded.zero_grad();
            var tensors = program.Forward.Parameters.Where(p => p.Kind == ParameterKind.Argument && p.Value.Type is TensorType).Select(p => p.Value.Tensor.Sharding).ToList();
            var place = 0;
            var given = arguments.Select(a => a is Tensor tensor ? Slice(tensor, tensors[place++], rank) : a).ToArray();
            var local = Tensors(CompiledModel.Call(sharded, method, given)!);
            for (var i = 0; i < results.Length; i++)
                Near(results[i], Gather(local[i], program.Forward.Results[i].Tensor.Sharding, rank), $"result {i} on rank {rank.Rank} of {mesh}");
            CheckBuffers(plain, sharded, program.Forward, rank, $"on rank {rank.Rank} of {mesh}");
            if (program.Backward is null) return;

            long Granule(TensorType type, int dim) => program.Granules.Of(type.Dims[dim], type.Sharding.Dims[dim].Axes).Evaluate(symbol => Size(symbol, program.Forward, plain, arguments));
            var cotangents = differentiable.Select(i => (object)Slice(seeds[i], program.Forward.Results[i].Tensor.Sharding, rank, dim => Granule(program.Forward.Results[i].Tensor, dim))).ToArray();
            var products = CompiledModel.Call(sharded, method == "forward" ? "Backward" : method + "Backward", cotangents);
            var gradients = products is null ? [] : Tensors(products);
            var floating = taken.OfType<Tensor>().Select((t, i) => (Tensor: t, Sharding: tensors[i])).Where(t => t.Tensor.is_floating_point()).ToList();
            Assert.Equal(floating.Count, gradients.Length);
            for (var i = 0; i < floating.Count; i++)
                Near(floating[i].Tensor.grad ?? zeros_like(floating[i].Tensor), Gather(gradients[i], floating[i].Sharding, rank), $"the gradient of argument {i} on rank {rank.Rank} of {mesh}");
            CheckParameters(plain, sharded, $"on rank {rank.Rank} of {mesh}");
            CheckOverlap(method, sharded, CompiledModel.Shard(untouched, rank), given, cotangents, rank);
        });
    }

    // Exchanges that go on beside the backward, however small, give the bits of those that are waited for.
    private static void CheckOverlap(string method, nn.Module waited, nn.Module sharded, object[] arguments, object[] cotangents, DeviceMesh rank)
    {
        rank.OverlapsGradients = true;
        var overlap = typeof(DeviceMesh).GetProperty("Overlap", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(rank)!;
        overlap.GetType().GetProperty("LeastBytes")!.SetValue(overlap, 0L);
        CounterRandom.BeginStep(0);
        sharded.zero_grad();
        CompiledModel.Call(sharded, method, arguments);
        CompiledModel.Call(sharded, method == "forward" ? "Backward" : method + "Backward", cotangents);
        foreach (var (name, parameter) in sharded.named_parameters())
        {
            var expected = waited.get_parameter(name)!.grad;
            Assert.Equal(expected is null, parameter.grad is null);
            if (expected is not null) Assert.True(expected.eq(parameter.grad!).all().item<bool>(), $"the gradient of {name} on rank {rank.Rank} has other bits where its exchange goes on beside the backward");
        }
    }

    /// <summary>Numbers in (-1, 1), the same for the same seed.</summary>
    public static Tensor Random(int seed, params long[] shape)
    {
        var random = new Random(seed);
        return tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextDouble() * 2 - 1)]).reshape(shape);
    }

    private static void CheckParameters(nn.Module plain, nn.Module sharded, string where)
    {
        var own = sharded.named_parameters().ToList();
        // A tied weight is listed once, under the name that comes first.
        Assert.Equal(plain.named_parameters().Select(p => p.parameter).ToHashSet(), own.Select(p => plain.get_parameter(p.name)!).ToHashSet());
        // Every rank gathers in the same order.
        foreach (var (name, parameter) in own.OrderBy(p => p.name, StringComparer.Ordinal))
        {
            var expected = plain.get_parameter(name)!.grad;
            var gradient = parameter.grad;
            if (gradient is null) Assert.True(expected is null || expected.abs().sum().item<double>() == 0, $"{name} has no gradient {where}");
            else Near(expected ?? zeros(ParameterSharding.Of(parameter)!.GlobalShape, ScalarType.Float64), Whole(gradient, parameter), $"the gradient of {name} {where}");
        }
    }

    private static void CheckBuffers(nn.Module plain, nn.Module sharded, Function forward, DeviceMesh mesh, string where)
    {
        var own = sharded.named_buffers().OrderBy(b => b.name, StringComparer.Ordinal).ToList();
        Assert.Equal(plain.named_buffers().Select(b => b.name).Order(StringComparer.Ordinal), own.Select(b => b.name));
        foreach (var (name, buffer) in own)
        {
            Assert.Equal(plain.get_buffer(name)!.dtype, buffer.dtype);
            var sharding = forward.Parameters.FirstOrDefault(p => p.Value.Name == name)?.Value.Tensor.Sharding;
            Near(plain.get_buffer(name)!, sharding is null ? buffer : Gather(buffer, sharding, mesh), $"the buffer {name} {where}");
        }
    }

    private static Tensor Whole(Tensor gradient, Parameter parameter)
    {
        var sharding = ParameterSharding.Of(parameter)!;
        return sharding.Placements.Reverse().Where(p => p.IsSplit).Aggregate(gradient, (part, p) => sharding.Mesh.Gather(part, p.Dim, p.Axis!));
    }

    private static Tensor Slice(Tensor whole, TensorSharding sharding, DeviceMesh mesh, Func<int, long>? granule = null)
    {
        var part = whole.alias();
        if (!sharding.Devices.IsEmpty) mesh = mesh.Reordered([.. sharding.Devices]);
        for (var dim = 0; dim < sharding.Dims.Length; dim++)
            foreach (var axis in sharding.Dims[dim].Axes) part = mesh.Axis(axis.Name).Slice(part, dim, granule?.Invoke(dim) ?? 1);
        return part;
    }

    /// <summary>A size by the symbol's name: from an argument or a parameter that shows it, else a field of the module.</summary>
    private static long Size(string symbol, Function forward, nn.Module plain, object[] arguments)
    {
        var next = 0;
        foreach (var (value, kind) in forward.Parameters.Where(p => p.Value.Type is TensorType).Select(p => (p.Value, p.Kind)))
        {
            var shape = kind == ParameterKind.Argument ? arguments.OfType<Tensor>().ElementAt(next++).shape : plain.named_parameters().FirstOrDefault(p => p.name == value.Name).parameter?.shape;
            for (var dim = 0; shape is not null && dim < shape.Length; dim++)
                if (value.Tensor.Dims[dim].SymbolName == symbol) return shape[dim];
        }

        return Convert.ToInt64(plain.GetType().GetField(symbol, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(plain), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Tensor Gather(Tensor part, TensorSharding sharding, DeviceMesh mesh)
    {
        if (!sharding.Devices.IsEmpty) mesh = mesh.Reordered([.. sharding.Devices]);
        for (var dim = 0; dim < sharding.Dims.Length; dim++)
            foreach (var axis in sharding.Dims[dim].Axes.Reverse()) part = mesh.Gather(part, dim, axis.Name);
        return part;
    }

    private static Tensor[] Tensors(object result) => result is ITuple tuple ? [.. Enumerable.Range(0, tuple.Length).Select(i => (Tensor)tuple[i]!)] : [(Tensor)result];

    private static (string Axis, int Size)[] Axes(string mesh) =>
        [.. mesh.Split(", ").Select(a => a.Split('=')).Select(a => (a[0], int.Parse(a[1], System.Globalization.CultureInfo.InvariantCulture)))];

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        Assert.True(expected.shape.AsSpan().SequenceEqual(actual.shape), $"{what} is [{string.Join(", ", actual.shape)}], [{string.Join(", ", expected.shape)}] is due");
        if (expected.numel() == 0) return;
        Tensor a = expected.detach().to_type(ScalarType.Float64), b = actual.to_type(ScalarType.Float64);
        var difference = (a - b).abs().max().item<double>();
        Assert.True(difference <= Tolerance * Math.Max(1, a.abs().max().item<double>()), $"{what} is off by {difference:E2}");
    }
}
