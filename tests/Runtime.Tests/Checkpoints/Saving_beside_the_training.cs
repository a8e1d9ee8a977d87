using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Saving_beside_the_training
{
    private static readonly Cut Two = Cut.Named("two ranks");

    private static string[] Names(string root) => [.. Directory.GetFileSystemEntries(root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void What_was_saved_is_the_state_of_the_call() => Each(Two, (folder, mesh) =>
    {
        using var model = new CutModel(1, mesh, Two);
        using var before = new CutModel(1, mesh, Two);
        using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
        var state = new TrainingState(model);
        for (var step = 1; step <= 5; step++)
        {
            checkpoints.BeginSave(step, state);
            foreach (var tensor in model.Tensors) tensor.detach().zero_();
            checkpoints.Wait();
            checkpoints.Load(step, state);
            foreach (var (a, b) in before.Tensors.Zip(model.Tensors)) Samples.Same(a.detach(), b.detach());
        }
    });

    /// <summary>Rank 1 begins to write only when rank 0 trains on.</summary>
    [Fact]
    public void The_training_goes_on_while_other_ranks_write()
    {
        using var trains = new ManualResetEventSlim();
        Each(Two, (folder, mesh) =>
        {
            using var model = new CutModel(1, mesh, Two);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            checkpoints.Prepared = _ =>
            {
                if (mesh.Rank == 1) Assert.True(trains.Wait(TimeSpan.FromSeconds(30)), "rank 0 waits for what rank 1 writes");
            };
            checkpoints.BeginSave(1, new TrainingState(model));
            trains.Set();
            checkpoints.Wait();
            Assert.Equal(1, checkpoints.Latest);
        });
    }

    [Fact]
    public void Copies_in_host_memory_are_kept_from_save_to_save()
    {
        using var copies = new HostCopies();
        using var x = Samples.Normal(1, [3, 4]);
        using var transposed = x.t();
        var first = RawMemory.Pointer(copies.Copy("x", x));
        Assert.NotEqual(RawMemory.Pointer(x), first);
        x.add_(1);
        var again = copies.Copy("x", x);
        Assert.Equal(first, RawMemory.Pointer(again));
        Samples.Same(x, again);
        Samples.Same(transposed, copies.Copy("x", transposed));
    }

    [Fact]
    public void One_save_is_under_way_and_the_next_waits_for_it() => Each(Two, (folder, mesh) =>
    {
        using var model = new CutModel(1, mesh, Two);
        using var checkpoints = new CheckpointDirectory(folder["c"], mesh, new CheckpointOptions { Keep = 100 });
        for (var step = 1; step <= 8; step++)
        {
            checkpoints.BeginSave(step, new TrainingState(model));
            Assert.Equal(step - 1, checkpoints.Steps.Count(saved => saved < step));
        }
        checkpoints.Wait();
        checkpoints.Wait();
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], checkpoints.Steps);
        Assert.Equal(8, checkpoints.Latest);
        mesh.Barrier();
    });

    [Fact]
    public void Disposing_finishes_what_is_under_way()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        using (var checkpoints = new CheckpointDirectory(folder["c"])) checkpoints.BeginSave(7, new TrainingState(model));
        Assert.Equal(["latest", "step-00000007"], Names(folder["c"]));
    }

    /// <summary>The folder of the parts is taken away while rank 1 writes to it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_is_thrown_by_the_next_call_on_every_rank_and_the_training_goes_on(bool wait) => Each(Two, (folder, mesh) =>
    {
        using var model = new CutModel(1, mesh, Two);
        using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
        var state = new TrainingState(model);
        checkpoints.Save(1, state);
        // A file where rank 1's goes: it finds its name taken.
        checkpoints.Prepared = temporary =>
        {
            if (mesh.Rank == 1) File.WriteAllText(Path.Combine(temporary, "model", "shard-00002-model-00001-of-00001.safetensors"), "");
        };
        checkpoints.BeginSave(2, state);
        checkpoints.Prepared = null;
        var message = Assert.Throws<CheckpointException>(() =>
        {
            if (wait) checkpoints.Wait();
            else checkpoints.BeginSave(3, state);
        }).Message;
        Assert.Contains("The checkpoint of step 2 cannot be written by rank 1: ", message);
        Assert.Contains("shard-00002-model-00001-of-00001.safetensors", message);
        Assert.Equal(1, checkpoints.LoadLatest(state));
        checkpoints.Save(4, state);
        Assert.Equal(4, checkpoints.Latest);
        mesh.Barrier();
        Assert.Equal(["latest", "step-00000001", "step-00000004"], Names(folder["c"]));
        mesh.Barrier();
    });

    [Fact]
    public void A_failure_that_nothing_asked_for_is_thrown_by_dispose()
    {
        using var folder = new TemporaryFolder();
        using var model = new CutModel(1);
        var checkpoints = new CheckpointDirectory(folder["c"]) { Prepared = temporary => Directory.Delete(temporary, recursive: true) };
        checkpoints.BeginSave(1, new TrainingState(model));
        Assert.Contains("The checkpoint of step 1 cannot be written", Assert.Throws<CheckpointException>(checkpoints.Dispose).Message);
        checkpoints.Dispose();
    }

    [Fact]
    public void A_rank_that_writes_nothing_is_given_up()
    {
        using var folder = new TemporaryFolder();
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess(Two.Axes, mesh =>
        {
            using var model = new CutModel(1, mesh, Two);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh, new CheckpointOptions { Patience = TimeSpan.FromSeconds(0.3) });
            checkpoints.Prepared = _ =>
            {
                if (mesh.Rank == 1) throw new InvalidOperationException("rank 1 is gone");
            };
            checkpoints.BeginSave(1, new TrainingState(model));
        }));
        Assert.Contains("rank 1 is gone", failure.Message);
        Assert.DoesNotContain("latest", Names(folder["c"]));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_told()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        using var model = new CutModel(1);
        var checkpoints = new CheckpointDirectory(folder["file"]);
        Assert.Contains("The checkpoint of step 1 cannot be written to", Assert.Throws<CheckpointException>(() => checkpoints.Save(1, new TrainingState(model))).Message);
    }

    [Fact]
    public void Ranks_that_save_different_models_are_told()
    {
        using var folder = new TemporaryFolder();
        var messages = DeviceMesh.RunInProcess(Two.Axes, mesh =>
        {
            using var model = nn.Linear(3, 2 + mesh.Rank);
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            return Assert.Throws<CheckpointException>(() => checkpoints.Save(1, new TrainingState(model))).Message;
        });
        Assert.All(messages, message => Assert.Contains("'weight' cannot be saved: it is f32[2, 3] on rank 0, but f32[3, 3] on rank 1", message));
    }

    private static void Each(Cut cut, Action<TemporaryFolder, DeviceMesh> body)
    {
        using var folder = new TemporaryFolder();
        DeviceMesh.RunInProcess(cut.Axes, mesh => body(folder, mesh));
    }
}
