using System.Diagnostics;
using Sample.Model.Checkpoint;

namespace Sample.Tests.CommandLine;

/// <summary>The whole sample, small: it trains on ranks, saves, loads, translates.</summary>
public sealed class TrainingProcessTests : IDisposable
{
    private static readonly string[] Small = ["--width", "16", "--hidden", "32", "--heads", "2", "--experts", "4", "--batch", "16"];

    private readonly string folder = Directory.CreateTempSubdirectory("gshard-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("--ranks", "1")]
    [InlineData("--ranks", "4")]
    [InlineData("--ranks", "2", "--dense")]
    [InlineData("--ranks", "2", "--optimizer", "adafactor")]
    public void It_trains_and_says_how_well_it_translates(params string[] arguments)
    {
        var (exitCode, output, error) = SampleProcess.Run([.. Small, "--languages", "de,fr", "--steps", "20", .. arguments]);

        Assert.True(exitCode == 0, error + output);
        Assert.Contains("Held-out phrases, exactly right", output);
        Assert.Contains("20 steps in", output);
        Assert.DoesNotContain("NaN", output);
    }

    [Fact]
    public void A_saved_model_translates_and_trains_on()
    {
        var path = Path.Combine(folder, "model.safetensors");
        Succeeds([.. Small, "--languages", "de,fr", "--steps", "10", "--save", path]);

        Succeeds("translate", "--load", path, "--language", "de", "Frankreich");
        Succeeds("--load", path, "--steps", "2", "--ranks", "1", "--batch", "16", "--save", path);
        Succeeds("--load", path, "--steps", "0", "--ranks", "2");
    }

    [Fact]
    public void A_checkpoint_of_another_shape_is_refused_before_anything_is_trained()
    {
        var path = Path.Combine(folder, "model.safetensors");
        Succeeds([.. Small, "--languages", "de,fr", "--steps", "1", "--save", path]);
        var saved = File.ReadAllBytes(path);

        var (exitCode, output, error) = SampleProcess.Run(["--load", path, "--experts", "8", "--save", path]);

        Assert.Equal(2, exitCode);
        Assert.Contains("[16, 4]", error);
        Assert.Contains("[16, 8]", error);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Empty(output);
        Assert.Equal(saved, File.ReadAllBytes(path));
    }

    [Fact]
    public void One_seed_gives_the_same_weights_again()
    {
        var (first, second) = (Path.Combine(folder, "a.safetensors"), Path.Combine(folder, "b.safetensors"));

        Succeeds([.. Small, "--languages", "de", "--steps", "5", "--seed", "3", "--ranks", "2", "--save", first]);
        Succeeds([.. Small, "--languages", "de", "--steps", "5", "--seed", "3", "--ranks", "2", "--save", second]);

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public void An_interrupt_ends_the_training_on_all_ranks_and_saves()
    {
        var path = Path.Combine(folder, "model.safetensors");
        var interrupted = false;

        var (exitCode, output, error) = SampleProcess.Run(
            [.. Small, "--languages", "de,fr", "--minutes", "1", "--ranks", "2", "--save", path],
            (process, line) =>
            {
                if (interrupted || !line.Contains("of even"))
                    return;
                interrupted = true;
                Process.Start("kill", ["-INT", process.Id.ToString()]).WaitForExit();
            });

        Assert.True(exitCode == 130, $"exit code {exitCode}: {error}{output}");
        Assert.Contains("Stopped after", output);
        Assert.DoesNotContain("Unhandled", error);
        Assert.NotEmpty(ModelFile.Open(path).Vocabulary.Languages);
    }

    [Fact]
    public void A_training_that_was_killed_goes_on_to_the_same_weights()
    {
        var (whole, resumed, state) = (Path.Combine(folder, "whole.safetensors"), Path.Combine(folder, "resumed.safetensors"), Path.Combine(folder, "run"));
        string[] arguments = [.. Small, "--languages", "de,fr", "--steps", "40", "--ranks", "2"];
        Succeeds([.. arguments, "--save", whole]);

        var lines = 0;
        var (exitCode, _, _) = SampleProcess.Run([.. arguments, "--checkpoint-dir", state, "--save-every", "2"], (process, line) =>
        {
            if (line.Contains("of even") && ++lines == 10)
                process.Kill();
        });
        Assert.NotEqual(0, exitCode);
        Assert.NotEmpty(Directory.GetDirectories(state, "step-*"));
        Succeeds([.. arguments, "--checkpoint-dir", state, "--save-every", "2", "--resume", "--save", resumed]);

        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(resumed));
    }

    [Fact]
    public void A_training_whose_last_save_is_damaged_goes_on_from_the_one_before()
    {
        var (whole, resumed, state) = (Path.Combine(folder, "whole.safetensors"), Path.Combine(folder, "resumed.safetensors"), Path.Combine(folder, "run"));
        string[] arguments = [.. Small, "--languages", "de,fr", "--ranks", "2", "--steps", "8", "--checkpoint-dir", state, "--save-every", "4"];
        Succeeds([.. arguments, "--save", whole]);
        File.Delete(Path.Combine(state, "step-00000008", "state.json"));

        var (exitCode, _, error) = SampleProcess.Run([.. arguments, "--resume"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("step-00000008' is damaged: 'state.json' is missing", error);
        Assert.EndsWith("On this command line --resume --skip-damaged goes on from the newest save that is whole.", error.TrimEnd());

        (exitCode, var output, error) = SampleProcess.Run([.. arguments, "--resume", "--skip-damaged", "--save", resumed]);
        Assert.True(exitCode == 0, error + output);
        Assert.StartsWith("Passed over: ", error);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(resumed));
    }

    private static void Succeeds(params string[] arguments)
    {
        var (exitCode, output, error) = SampleProcess.Run(arguments);

        Assert.True(exitCode == 0, error + output);
        Assert.NotEmpty(output);
    }
}
