using System.Text.Json.Nodes;

namespace GShard.Runtime.Tests;

/// <summary>Folders as Hugging Face's tools read and write them.</summary>
public class Exported_folders
{
    [Fact]
    public void Are_the_same_from_any_mesh_and_load_on_any_other()
    {
        using var folder = new TemporaryFolder();
        using var plain = new CutModel(1);
        Checkpoint.Export(plain, folder["plain"], maxFileBytes: 110);
        var expected = Contents(folder["plain"]);
        Assert.Equal(["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors", "model.safetensors.index.json"], expected.Keys);
        foreach (var cut in Cut.All)
        {
            DeviceMesh.RunInProcess(cut.Axes, mesh =>
            {
                using var model = new CutModel(1, mesh, cut);
                Checkpoint.Export(model, folder["sharded"], mesh, maxFileBytes: 110);
                using var loaded = new CutModel(50, mesh, cut);
                Checkpoint.Load(loaded, folder["plain"], mesh);
                foreach (var (a, b) in model.Tensors.Zip(loaded.Tensors)) Samples.Same(a.detach(), b.detach());
            });
            var actual = Contents(folder["sharded"]);
            Assert.Equal(expected.Keys, actual.Keys);
            foreach (var (name, bytes) in expected) Assert.Equal(bytes, actual[name]);
        }
    }

    [Fact]
    public void Say_what_is_where()
    {
        using var folder = new TemporaryFolder();
        using var plain = new CutModel(1);
        Checkpoint.Export(plain, folder["m"], maxFileBytes: 110);
        var index = JsonNode.Parse(File.ReadAllText(folder["m"] + "/model.safetensors.index.json"))!;
        var map = index["weight_map"]!.AsObject();
        foreach (var (name, file) in map) Assert.Contains(name, MinimalSafeTensors.Read(Path.Combine(folder["m"], file!.ToString())).Keys);
        Assert.Equal((240 * 4) + (7 * 8) + (15 * 4) + 4 + (5 * 8), index["metadata"]!["total_size"]!.GetValue<long>());
    }

    [Fact]
    public void One_file_suffices_where_it_is_small_and_replaces_what_was_there()
    {
        using var folder = new TemporaryFolder();
        using var plain = new CutModel(1);
        Checkpoint.Export(plain, folder["m"], maxFileBytes: 100);
        File.WriteAllText(folder["m"] + "/config.json", "{}");
        Checkpoint.Export(plain, folder["m"]);
        Assert.Equal(["config.json", "model-00001-of-00001.safetensors", "model.safetensors.index.json"], Contents(folder["m"]).Keys);
    }

    [Theory]
    [InlineData("{}", "is no index of safetensors files")]
    [InlineData("""{"weight_map":{"a":"../secret"}}""", "a name in it is no name of a file")]
    [InlineData("""{"weight_map":{"a":"gone.safetensors"}}""", "gone.safetensors' cannot be read")]
    [InlineData("""{"weight_map":7}""", "is no index of safetensors files")]
    public void An_index_that_is_damaged_is_told(string index, string reason)
    {
        using var folder = new TemporaryFolder();
        using var plain = new CutModel(1);
        File.WriteAllText(folder["model.safetensors.index.json"], index);
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => Checkpoint.Load(plain, Path.GetDirectoryName(folder["x"])!)).Message);
    }

    [Fact]
    public void A_folder_of_nothing_is_told()
    {
        using var folder = new TemporaryFolder();
        using var plain = new CutModel(1);
        Assert.Contains("the folder has no .safetensors file", Assert.Throws<CheckpointException>(() => Checkpoint.Load(plain, Path.GetDirectoryName(folder["x"])!)).Message);
    }

    private static SortedDictionary<string, byte[]> Contents(string folder) =>
        new(Directory.GetFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes), StringComparer.Ordinal);
}
