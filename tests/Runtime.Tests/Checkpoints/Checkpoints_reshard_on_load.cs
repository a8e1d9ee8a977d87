using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>What any mesh saved, any other loads, to the bit.</summary>
public class Checkpoints_reshard_on_load
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var from in Cut.All)
                foreach (var to in Cut.All)
                    if (from != to) pairs.Add(from.Name, to.Name);
            return pairs;
        }
    }

    /// <summary>A training that made two steps on one rank, saved.</summary>
    private static void SavePlain(string root, string optimizer)
    {
        using var model = new CutModel(1);
        using var own = model.Optimizer(optimizer);
        for (var step = 0; step < 2; step++)
        {
            model.SetGradients(step);
            own.step();
        }
        using var checkpoints = new CheckpointDirectory(root);
        checkpoints.Save(2, new TrainingState(model, own) { Values = new JsonObject { ["position"] = 12345678901234 } });
    }

    private static void Move(string from, string to, Cut cut, string optimizer) => DeviceMesh.RunInProcess(cut.Axes, mesh => Move(from, to, cut, optimizer, mesh));

    private static void Move(string from, string to, Cut cut, string optimizer, DeviceMesh mesh)
    {
        using var model = new CutModel(50, mesh, cut);
        using var own = model.Optimizer(optimizer, mesh, cut);
        var state = new TrainingState(model, own);
        using var source = new CheckpointDirectory(from, mesh);
        Assert.Equal(2, source.LoadLatest(state));
        Assert.Equal(12345678901234, state.Values["position"]!.GetValue<long>());
        using var target = new CheckpointDirectory(to, mesh);
        target.Save(2, state);
    }

    /// <summary>All tensors of a checkpoint put together, by a reader of the test's own.</summary>
    private static Dictionary<string, (string Dtype, long[] Shape, byte[] Bytes)> Whole(string root, string section) =>
        MinimalSafeTensors.Assemble(Directory.GetFiles(Path.Combine(root, "step-00000002", section)));

    private static void SameCheckpoint(string expected, string actual)
    {
        foreach (var section in (string[])["model", "optimizer"])
        {
            var (a, b) = (Whole(expected, section), Whole(actual, section));
            Assert.Equal(a.Keys.Order(), b.Keys.Order());
            foreach (var (name, (dtype, shape, bytes)) in a)
            {
                Assert.Equal((dtype, string.Join(' ', shape)), (b[name].Dtype, string.Join(' ', b[name].Shape)));
                Assert.True(bytes.AsSpan().SequenceEqual(b[name].Bytes), $"'{name}' changed");
            }
        }
        Assert.Equal(State(expected), State(actual));
    }

    /// <summary>What else is saved, without what is every rank's own: its generator's state.</summary>
    private static string State(string root)
    {
        var state = JsonNode.Parse(File.ReadAllText(Path.Combine(root, "step-00000002", "state.json")))!.AsObject();
        Assert.True(state.Remove("default_generator"));
        return state.ToJsonString();
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void From_any_mesh_to_any_other(string from, string to)
    {
        using var folder = new TemporaryFolder();
        SavePlain(folder["plain"], "Adam");
        Move(folder["plain"], folder["from"], Cut.Named(from), "Adam");
        Move(folder["from"], folder["to"], Cut.Named(to), "Adam");
        SameCheckpoint(folder["plain"], folder["to"]);
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("AdamW")]
    [InlineData("RMSProp")]
    [InlineData("Adagrad")]
    [InlineData("Adafactor")]
    public void With_the_state_of_any_optimizer(string optimizer)
    {
        using var folder = new TemporaryFolder();
        SavePlain(folder["plain"], optimizer);
        Move(folder["plain"], folder["a"], Cut.Named("two dims"), optimizer);
        Move(folder["a"], folder["b"], Cut.Named("shares of parts"), optimizer);
        Move(folder["b"], folder["c"], Cut.Named("another order"), optimizer);
        SameCheckpoint(folder["plain"], folder["c"]);
    }

    [Theory]
    [InlineData("uneven")]
    [InlineData("another order")]
    [InlineData("shares of parts")]
    public void Processes_write_the_files_that_threads_write(string name)
    {
        using var folder = new TemporaryFolder();
        var cut = Cut.Named(name);
        SavePlain(folder["plain"], "Adam");
        Move(folder["plain"], folder["threads"], cut, "Adam");
        ProcessThreads.Run(cut.Axes, mesh => Move(folder["plain"], folder["processes"], cut, "Adam", mesh));
        foreach (var section in (string[])["model", "optimizer"])
        {
            var (expected, actual) = (Path.Combine(folder["threads"], "step-00000002", section), Path.Combine(folder["processes"], "step-00000002", section));
            Assert.Equal(Directory.GetFiles(expected).Select(path => Path.GetFileName(path)).Order(), Directory.GetFiles(actual).Select(path => Path.GetFileName(path)).Order());
            foreach (var path in Directory.GetFiles(expected)) Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(actual, Path.GetFileName(path))));
        }
        SameCheckpoint(folder["plain"], folder["processes"]);
    }

    [Fact]
    public void Each_rank_has_its_part_of_the_whole()
    {
        using var folder = new TemporaryFolder();
        SavePlain(folder["plain"], "SGD");
        using var whole = new CutModel(1);
        using (var checkpoints = new CheckpointDirectory(folder["plain"])) checkpoints.Load(2, new TrainingState(whole));
        foreach (var cut in Cut.All)
            DeviceMesh.RunInProcess(cut.Axes, mesh =>
            {
                using var model = new CutModel(50, mesh, cut);
                using var checkpoints = new CheckpointDirectory(folder["plain"], mesh);
                checkpoints.LoadLatest(new TrainingState(model));
                foreach (var (mine, all) in model.Tensors.Zip(whole.Tensors)) Samples.Same(CutModel.Part(all.detach(), mine), mine.detach());
            });
    }

    [Fact]
    public void A_replicated_tensor_is_written_once_and_the_ranks_share_the_work()
    {
        using var folder = new TemporaryFolder();
        DeviceMesh.RunInProcess([("data", 4)], mesh =>
        {
            using var model = new Rows(8, 1000, mesh, []);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            checkpoints.Save(1, new TrainingState(model));
        });
        var files = Directory.GetFiles(Path.Combine(folder["c"], "step-00000001", "model"));
        Assert.Equal(Enumerable.Range(1, 4).Select(i => $"shard-{i:D5}-model-00001-of-00001.safetensors"), files.Select(file => Path.GetFileName(file)).Order());
        Assert.All(files, file => Assert.Equal(2, MinimalSafeTensors.Read(file).Count));
    }

    /// <summary>Some matrices [256, columns], f32.</summary>
    private sealed class Rows : nn.Module
    {
        public Rows(int count, long columns, DeviceMesh mesh, Placement[] placements)
            : base(nameof(Rows))
        {
            for (var i = 0; i < count; i++)
            {
                using var whole = new TorchSharp.Modules.Parameter(zeros([256, columns]));
                register_parameter($"w{i}", Shards.Parameter(whole, $"w{i}", mesh, placements));
            }
        }
    }

    [Theory]
    [InlineData(0, 64, 1.0)]
    [InlineData(1, 65536, 1.0)]
    [InlineData(1, 64, 2.01)]
    public void A_rank_reads_the_bytes_that_it_needs_and_short_gaps(int dim, long columns, double most)
    {
        using var folder = new TemporaryFolder();
        DeviceMesh.RunInProcess([("a", 4)], mesh =>
        {
            using var model = new Rows(1, columns, mesh, [Placement.Split(0, "a")]);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            checkpoints.Save(1, new TrainingState(model));
        });
        DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var model = new Rows(1, columns, mesh, [Placement.Split(dim, "a")]);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh, new CheckpointOptions { VerifyChecksums = false });
            checkpoints.LoadLatest(new TrainingState(model));
            var needed = 256 * columns * 4 / 2;
            Assert.InRange(checkpoints.BytesRead, needed, (long)(needed * most));
        });
    }
}
