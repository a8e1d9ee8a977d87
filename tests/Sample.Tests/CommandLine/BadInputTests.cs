using Sample.Tests.Data;

namespace Sample.Tests.CommandLine;

/// <summary>Whatever is wrong with the input is one sentence on the error stream and exit code 2.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gshard-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("--ranks 0", "--ranks 0 cannot be")]
    [InlineData("--ranks -3", "--ranks -3 cannot be")]
    [InlineData("--ranks 3 --experts 8", "--experts 8 do not divide among --ranks 3")]
    [InlineData("--ranks 4 --experts 2", "--experts 2 do not divide among --ranks 4")]
    [InlineData("--experts 1 --ranks 1", "--experts 1 leaves a token no second choice")]
    [InlineData("--layers 3", "--layers 3 must be even")]
    [InlineData("--width 100 --heads 3", "--width 100 does not divide among --heads 3")]
    [InlineData("--batch 1 --ranks 2", "--batch 1 has less than a sentence for each")]
    [InlineData("--steps -1", "--steps -1 cannot be")]
    [InlineData("--minutes 0", "--minutes must be more than 0")]
    [InlineData("--optimizer lion", "--optimizer lion is not known")]
    [InlineData("--languages xx", "no language 'xx'")]
    [InlineData("--save /nowhere/model.safetensors", "--save /nowhere/model.safetensors cannot be written")]
    [InlineData("--load /nowhere/model.safetensors", "/nowhere/model.safetensors")]
    [InlineData("--catalogs /nowhere", "No translation catalogs")]
    [InlineData("--resume", "--resume needs a folder: name it with --checkpoint-dir")]
    [InlineData("--save-every 5", "--save-every needs a folder")]
    [InlineData("--checkpoint-dir x --save-every -1", "--save-every -1 cannot be")]
    [InlineData("--skip-damaged", "--skip-damaged says what --resume does")]
    [InlineData("--ranks two", "two")]
    [InlineData("--no-such-option", "--no-such-option")]
    [InlineData("translate --language de Frankreich", "--load")]
    public void A_bad_option_is_named(string arguments, string complaint) => Refused(complaint, arguments.Split(' '));

    [Theory]
    [InlineData("GSHARD_BACKEND", "nonsense", "GSHARD_BACKEND is 'nonsense'; it can be gloo or nccl.")]
    [InlineData("GSHARD_TIMEOUT", "abc", "GSHARD_TIMEOUT is 'abc'; it is a number of seconds above 0.")]
    [InlineData("WORLD_SIZE", "", "RANK is 0, but WORLD_SIZE is not set")]
    public void What_the_environment_says_is_input_too(string variable, string value, string complaint)
    {
        var (exitCode, output, error) = SampleProcess.Run([], null, ("RANK", "0"), ("MASTER_ADDR", "127.0.0.1"), ("WORLD_SIZE", "2"), (variable, value));

        Assert.Equal(2, exitCode);
        Assert.StartsWith(complaint, error);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Empty(output);
    }

    [Fact]
    public void A_corrupt_catalog_is_named()
    {
        var path = WriteCatalog(MoFileBuilder.Build(true, ("France", "Frankreich"))[..^4]);

        Refused(path, "--catalogs", folder);
    }

    [Fact]
    public void A_catalog_that_is_none_is_named()
    {
        var path = WriteCatalog("This is no catalog, though it is long enough."u8.ToArray());

        Refused(path, "--catalogs", folder);
    }

    [Fact]
    public void Too_few_phrases_for_a_batch_are_refused()
    {
        WriteCatalog(MoFileBuilder.Build(true, ("France", "Frankreich"), ("Spain", "Spanien")));

        Refused("--batch", "--catalogs", folder);
    }

    [Fact]
    public void A_checkpoint_that_is_none_is_named_and_left_alone()
    {
        var path = Path.Combine(folder, "model.safetensors");
        File.WriteAllText(path, "not a checkpoint, but text");

        Refused(path, "--load", path, "--save", path);

        Assert.Equal("not a checkpoint, but text", File.ReadAllText(path));
    }

    private string WriteCatalog(byte[] bytes)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "de/LC_MESSAGES")).FullName, "iso_3166-1.mo");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void Refused(string complaint, params string[] arguments)
    {
        var (exitCode, output, error) = SampleProcess.Run(arguments);

        Assert.True(exitCode == 2, $"exit code {exitCode}: {error}{output}");
        Assert.Contains(complaint, error);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Empty(output);
    }
}
