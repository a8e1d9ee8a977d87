using System.Diagnostics;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>
/// What is saved here loads in PyTorch, and the other way round. PyTorch runs in Debian's <c>python3</c> (package <c>python3-torch</c>), which has no
/// safetensors package: <c>interchange.py</c> has a short reader and writer of its own.
/// </summary>
public class Interchange_with_PyTorch
{
    /// <summary>The model of both sides: an embedding of 11 × 6, a linear layer with bias to 4, a normalisation, and a buffer.</summary>
    private sealed class Net : nn.Module
    {
        public Net(int seed, DeviceMesh? mesh = null)
            : base(nameof(Net))
        {
            Add("embedding.weight", Samples.Normal(seed, [11, 6], ScalarType.Float32), mesh, Placement.Split(1, "a"));
            Add("linear.weight", Samples.Normal(seed + 1, [4, 6], ScalarType.Float32), mesh, Placement.Split(0, "a"));
            Add("linear.bias", Samples.Normal(seed + 2, [4], ScalarType.Float32), mesh, Placement.Split(0, "a"));
            Add("norm.weight", Samples.Normal(seed + 3, [4], ScalarType.Float32), mesh);
            Add("norm.bias", Samples.Normal(seed + 4, [4], ScalarType.Float32), mesh);
            using var counts = Samples.Integers(seed + 5, [3], ScalarType.Int64);
            register_buffer("counts", counts.clone());
        }

        public Dictionary<string, TorchSharp.Modules.Parameter> Named { get; } = [];

        private void Add(string name, Tensor whole, DeviceMesh? mesh, params Placement[] placements)
        {
            var plain = new TorchSharp.Modules.Parameter(whole);
            var parameter = mesh is null ? plain : Shards.Parameter(plain, name, mesh, placements);
            Named.Add(name, parameter);
            var dot = name.IndexOf('.');
            Child(name[..dot]).register_parameter(name[(dot + 1)..], parameter);
        }

        private nn.Module Child(string name)
        {
            if (named_children().FirstOrDefault(child => child.name == name) is { module: { } known }) return known;
            var child = new Holder(name);
            register_module(name, child);
            return child;
        }

        /// <summary>norm(linear(mean(embedding(ids)))) for ids 1, 2, 3 and 7, 8, 9.</summary>
        public double[] Forward()
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var ids = tensor(new long[] { 1, 2, 3, 7, 8, 9 });
            var x = Named["embedding.weight"].index_select(0, ids).reshape(2, 3, 6).mean([1]);
            x = nn.functional.linear(x, Named["linear.weight"], Named["linear.bias"]);
            return Samples.Doubles(nn.functional.layer_norm(x, [4], Named["norm.weight"], Named["norm.bias"]));
        }

        private sealed class Holder(string name) : nn.Module(name);
    }

    /// <summary>Runs a command of the script; what it prints is JSON.</summary>
    private static JsonElement Python(params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Checkpoints", "interchange.py"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return JsonDocument.Parse(output).RootElement;
    }

    private static double[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(number => number.GetDouble())];

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (a, b) in expected.Zip(actual)) Assert.Equal(a, b, 1e-5);
    }

    [Fact]
    public void A_file_a_folder_and_the_parts_of_ranks_load_in_PyTorch()
    {
        using var folder = new TemporaryFolder();
        using var net = new Net(1);
        Checkpoint.Save(net, folder["one.safetensors"]);
        Checkpoint.Export(net, folder["hugging"], maxFileBytes: 200);
        DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var sharded = new Net(1, mesh);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            checkpoints.Save(3, new TrainingState(sharded));
        });
        Assert.True(Directory.GetFiles(folder["hugging"], "model-*.safetensors").Length > 1);
        var expected = net.Forward();
        foreach (var path in (string[])[folder["one.safetensors"], folder["hugging"], Path.Combine(folder["c"], "step-00000003", "model")])
        {
            var result = Python("load", path);
            Close(expected, Numbers(result.GetProperty("output")));
            foreach (var (name, parameter) in net.Named) Assert.Equal(Samples.Doubles(parameter), Numbers(result.GetProperty("weights").GetProperty(name)));
        }
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("parts")]
    public void What_PyTorch_saves_loads(string form)
    {
        using var folder = new TemporaryFolder();
        var path = folder[form == "file" ? "net.safetensors" : "net"];
        var saved = Python("save", form, path);
        using var net = new Net(100);
        Checkpoint.Load(net, path);
        Close(Numbers(saved.GetProperty("output")), net.Forward());
        foreach (var (name, parameter) in net.Named) Assert.Equal(Numbers(saved.GetProperty("weights").GetProperty(name)), Samples.Doubles(parameter));
        DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var sharded = new Net(200, mesh);
            Checkpoint.Load(sharded, path, mesh);
            foreach (var (name, parameter) in sharded.Named) Samples.Same(CutModel.Part(net.Named[name].detach(), parameter), parameter.detach());
        });
    }

    [Fact]
    public void The_state_of_AdamW_goes_on_in_PyTorch()
    {
        using var folder = new TemporaryFolder();
        using var net = new Net(1);
        using var optimizer = optim.AdamW(net.parameters(), lr: 0.05);
        void Step()
        {
            foreach (var parameter in net.Named.Values) parameter.grad = full_like(parameter, 0.1);
            optimizer.step();
        }
        Step();
        using (var checkpoints = new CheckpointDirectory(folder["c"])) checkpoints.Save(1, new TrainingState(net, optimizer));
        Step();
        var result = Python("continue", Path.Combine(folder["c"], "step-00000001"));
        foreach (var (name, parameter) in net.Named) Close(Samples.Doubles(parameter), Numbers(result.GetProperty("weights").GetProperty(name)));
    }
}
