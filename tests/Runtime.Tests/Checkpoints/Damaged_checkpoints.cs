using System.Text;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Whatever is wrong with a checkpoint is said in one sentence, changes nothing, and leaves the one before it to load.</summary>
public class Damaged_checkpoints
{
    private static readonly Cut Two = Cut.Named("two ranks");

    private static void Save(string root, params long[] steps) => DeviceMesh.RunInProcess(Two.Axes, mesh =>
    {
        using var model = new CutModel(1, mesh, Two);
        using var optimizer = model.Optimizer("AdamW", mesh, Two);
        using var checkpoints = new CheckpointDirectory(root, mesh);
        foreach (var step in steps)
        {
            model.SetGradients((int)step);
            optimizer.step();
            checkpoints.Save(step, new TrainingState(model, optimizer));
        }
    });

    /// <summary>The message with which every rank refuses to load the latest; nothing of the model may have changed.</summary>
    private static string Refusal(string root, Func<CheckpointDirectory, TrainingState, long?>? load = null)
    {
        var messages = DeviceMesh.RunInProcess(Two.Axes, mesh =>
        {
            using var model = new CutModel(50, mesh, Two);
            using var before = new CutModel(50, mesh, Two);
            using var optimizer = model.Optimizer("AdamW", mesh, Two);
            using var checkpoints = new CheckpointDirectory(root, mesh);
            var state = new TrainingState(model, optimizer);
            load ??= (directory, into) => directory.LoadLatest(into);
            var message = Assert.Throws<CheckpointException>(() => load(checkpoints, state)).Message;
            foreach (var (a, b) in before.Tensors.Zip(model.Tensors)) Samples.Same(a.detach(), b.detach());
            return message;
        });
        Assert.Equal(messages[0], messages[1]);
        return messages[0];
    }

    private static string Shard(int rank, string section = "model") => $"{section}/shard-{rank + 1:D5}-model-00001-of-00001.safetensors";

    private static void Change(string path, Action<List<byte>> change)
    {
        var bytes = File.ReadAllBytes(path).ToList();
        change(bytes);
        File.WriteAllBytes(path, [.. bytes]);
    }

    public static TheoryData<string, string, string> Damages => new()
    {
        { Shard(1), "missing", "'model/shard-00002-model-00001-of-00001.safetensors' is missing" },
        { Shard(0), "truncated", "'model/shard-00001-model-00001-of-00001.safetensors' has " },
        { Shard(1, "optimizer"), "grown", "'optimizer/shard-00002-model-00001-of-00001.safetensors' has " },
        { Shard(0), "flipped", "the contents of 'model/shard-00001-model-00001-of-00001.safetensors' have changed" },
        { Shard(1, "optimizer"), "flipped", "the contents of 'optimizer/shard-00002-model-00001-of-00001.safetensors' have changed" },
        { "state.json", "flipped", "the contents of 'state.json' have changed" },
        { "state.json", "missing", "'state.json' is missing" },
        { "manifest.json", "missing", "manifest.json' cannot be read" },
        { "manifest.json", "flipped", "manifest.json' is damaged" },
        { "manifest.json", "truncated", "manifest.json' is damaged" },
        { "manifest.json", "empty", "manifest.json' is damaged" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Are_refused_by_name_and_the_one_before_is_found(string file, string damage, string reason)
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10, 20);
        var path = Path.Combine(folder["c"], "step-00000020", file);
        switch (damage)
        {
            case "missing": File.Delete(path); break;
            case "truncated": Change(path, bytes => bytes.RemoveRange(bytes.Count / 2, bytes.Count - (bytes.Count / 2))); break;
            case "grown": Change(path, bytes => bytes.Add(7)); break;
            case "empty": File.WriteAllText(path, ""); break;
            default: Change(path, bytes => bytes[bytes.Count - 30] ^= 1); break;
        }
        var message = Refusal(folder["c"]);
        Assert.Contains(reason, message);
        Assert.Contains("step-00000020", message);
        Assert.Contains("has checkpoints of steps 10, 20: LoadNewestGood loads the newest that is whole.", message);
        DeviceMesh.RunInProcess(Two.Axes, mesh =>
        {
            using var model = new CutModel(50, mesh, Two);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            var passedOver = new List<string>();
            using var optimizer = model.Optimizer("AdamW", mesh, Two);
            Assert.Equal(10, checkpoints.LoadNewestGood(new TrainingState(model, optimizer), exception => passedOver.Add(exception.Message)));
            // What has no manifest has no place in the order of saves.
            if (file != "manifest.json") Assert.Contains(reason, Assert.Single(passedOver));
        });
    }

    [Fact]
    public void Every_flipped_byte_of_every_file_is_found()
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10);
        using var model = new CutModel(1);
        using var optimizer = model.Optimizer("AdamW");
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        var state = new TrainingState(model, optimizer);
        var random = new System.Random(1);
        foreach (var path in Directory.GetFiles(Path.Combine(folder["c"], "step-00000010"), "*", SearchOption.AllDirectories))
        {
            var bytes = File.ReadAllBytes(path);
            for (var i = 0; i < 40; i++)
            {
                var changed = (byte[])bytes.Clone();
                changed[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, changed);
                Assert.Throws<CheckpointException>(() => checkpoints.LoadLatest(state));
            }
            File.WriteAllBytes(path, bytes);
        }
        Assert.Equal(10, checkpoints.LoadLatest(state));
    }

    [Fact]
    public void Without_checksums_what_the_headers_say_is_still_checked()
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10);
        var path = Path.Combine(folder["c"], "step-00000010", Shard(0));
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(path));
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(text.Replace("\"saved_offsets\\", "\"saved_offsetz\\").Replace("saved_offsets", "saved_offsetz")));
        using var model = new CutModel(1);
        using var checkpoints = new CheckpointDirectory(folder["c"], options: new CheckpointOptions { VerifyChecksums = false });
        Assert.Contains("has bad metadata: its DCP_SHARDING_INFO does not tell where its tensors lie", Assert.Throws<CheckpointException>(() => checkpoints.LoadLatest(new TrainingState(model))).Message);
    }

    [Theory]
    [InlineData(null, "has no file 'latest'")]
    [InlineData("", "'latest' is damaged|latest' is damaged")]
    [InlineData("step-0000", "latest' is damaged")]
    [InlineData("step-00000099\n", "step-00000099/manifest.json' cannot be read")]
    [InlineData("../elsewhere\n", "latest' is damaged")]
    public void A_latest_that_is_missing_or_points_nowhere_is_told(string? latest, string reason)
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10, 20);
        if (latest is null) File.Delete(Path.Combine(folder["c"], "latest"));
        else File.WriteAllText(Path.Combine(folder["c"], "latest"), latest);
        Assert.Contains(reason.Split('|')[^1], Refusal(folder["c"]));
        DeviceMesh.RunInProcess(Two.Axes, mesh =>
        {
            using var model = new CutModel(50, mesh, Two);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            Assert.Equal(20, checkpoints.LoadNewestGood(new TrainingState(model)));
            // A save puts it right.
            checkpoints.Save(30, new TrainingState(model));
            Assert.Equal(30, checkpoints.Latest);
        });
    }

    [Fact]
    public void A_step_that_was_not_saved_is_told()
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10);
        Assert.Contains("step-00000015/manifest.json' cannot be read", Refusal(folder["c"], (directory, state) =>
        {
            directory.Load(15, state);
            return 15;
        }));
    }

    [Fact]
    public void None_that_is_whole_is_told_by_the_newest()
    {
        using var folder = new TemporaryFolder();
        Save(folder["c"], 10, 20);
        foreach (var step in (string[])["step-00000010", "step-00000020"]) File.Delete(Path.Combine(folder["c"], step, "state.json"));
        Assert.Contains("step-00000020' is damaged: 'state.json' is missing", Refusal(folder["c"], (directory, state) => directory.LoadNewestGood(state)));
    }

    /// <summary>Another model, or another optimizer, than the one saved.</summary>
    [Fact]
    public void Another_training_is_refused_with_what_differs()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using var adam = model.Optimizer("Adam");
        var checkpoints = new CheckpointDirectory(folder["c"]);
        checkpoints.Save(1, new TrainingState(model, adam, optim.lr_scheduler.StepLR(adam, 2)));

        void Refused(string reason, nn.Module other, optim.Optimizer? optimizer = null, params optim.lr_scheduler.LRScheduler[] schedules) =>
            Assert.Contains(reason, Assert.Throws<CheckpointException>(() => checkpoints.LoadLatest(new TrainingState(other, optimizer, schedules))).Message);

        using var linear = nn.Linear(3, 2);
        Refused("lacks 'weight', 'bias' of the model", linear);
        Refused("the saved optimizer is Adam, this one AdamW", model, model.Optimizer("AdamW"));
        Refused("the saved optimizer has the state of 'norm_scale', which this one does not train", model, optim.Adam(model.Parameters.Where(p => p.shape.Length != 1), 0.1));
        Refused("the saved optimizer has 1 groups of parameters, this one 2", model, optim.Adam(model.Parameters.Chunk(2).Select(chunk => new TorchSharp.Modules.Adam.ParamGroup(chunk)), 0.1));
        using var sgd = model.Optimizer("SGD");
        Refused("the saved schedule is StepLR, this one ExponentialLR", model, null, optim.lr_scheduler.ExponentialLR(sgd, 0.5));
        Refused("it has 1 learning-rate schedules, this training 2", model, null, optim.lr_scheduler.StepLR(sgd, 2), optim.lr_scheduler.StepLR(sgd, 2));
        checkpoints.Save(2, new TrainingState(model));
        Refused("was saved without an optimizer", model, adam);
    }

    [Fact]
    public void An_optimizer_that_cannot_be_saved_is_told()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using var other = new CutModel(2);
        using var adam = other.Optimizer("Adam");
        var checkpoints = new CheckpointDirectory(folder["c"]);
        Assert.Contains("has a parameter of shape [6, 10, 4] that the model lacks", Assert.Throws<CheckpointException>(() => checkpoints.Save(1, new TrainingState(model, adam))).Message);
    }
}
