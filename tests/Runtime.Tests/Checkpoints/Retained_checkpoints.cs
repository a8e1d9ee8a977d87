namespace GShard.Runtime.Tests;

public class Retained_checkpoints
{
    private static void Save(CheckpointDirectory checkpoints, params long[] steps)
    {
        using var model = new CutModel(1);
        foreach (var step in steps) checkpoints.Save(step, new TrainingState(model) { Values = new() { ["step"] = step } });
    }

    private static long Loaded(CheckpointDirectory checkpoints)
    {
        using var model = new CutModel(1);
        var state = new TrainingState(model);
        checkpoints.LoadLatest(state);
        return state.Values["step"]!.GetValue<long>();
    }

    [Theory]
    [InlineData(1, new long[] { 50 })]
    [InlineData(2, new long[] { 40, 50 })]
    [InlineData(9, new long[] { 10, 20, 30, 40, 50 })]
    public void Are_the_last_ones_saved(int keep, long[] kept)
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"], options: new CheckpointOptions { Keep = keep });
        Save(checkpoints, 10, 20, 30, 40, 50);
        Assert.Equal(kept, checkpoints.Steps);
        Assert.Equal(50, Loaded(checkpoints));
    }

    [Fact]
    public void A_training_that_went_back_keeps_its_own()
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"], options: new CheckpointOptions { Keep = 3 });
        Save(checkpoints, 10, 20, 30);
        Save(checkpoints, 15, 20);
        Assert.Equal([15, 20, 30], checkpoints.Steps);
        Assert.Equal(20, Loaded(checkpoints));
        Save(checkpoints, 25);
        Assert.Equal([15, 20, 25], checkpoints.Steps);
    }

    [Fact]
    public void What_an_interrupted_save_left_is_removed_by_the_next()
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        Save(checkpoints, 10);
        Directory.CreateDirectory(Path.Combine(folder["c"], "step-00000020-0badf00d.tmp", "model"));
        Directory.CreateDirectory(Path.Combine(folder["c"], "step-00000005-deleted.tmp"));
        File.WriteAllText(Path.Combine(folder["c"], "latest.tmp"), "step-0");
        File.WriteAllText(Path.Combine(folder["c"], "notes.txt"), "the user's own");
        Assert.Equal([10], checkpoints.Steps);
        Save(checkpoints, 30);
        Assert.Equal(["latest", "notes.txt", "step-00000010", "step-00000030"], Directory.GetFileSystemEntries(folder["c"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    /// <summary>As a crash leaves it between the two renames of a replacement.</summary>
    [Fact]
    public void A_replacement_that_was_interrupted_loses_nothing()
    {
        using var folder = new TemporaryFolder();
        using var checkpoints = new CheckpointDirectory(folder["c"]);
        Save(checkpoints, 10, 20);
        var step = Path.Combine(folder["c"], "step-00000020");
        Directory.Move(step, step + ".replaced");
        Assert.Equal([10, 20], checkpoints.Steps);
        Assert.Equal(20, Loaded(checkpoints));
        Save(checkpoints, 30);
        Assert.True(Directory.Exists(step));
        Assert.Equal([10, 20, 30], checkpoints.Steps);
    }
}
