using System.Text.Json;

namespace GShard.Runtime.Tests;

/// <summary>
/// The metadata of a sharded checkpoint's files, read as raw JSON, as PyTorch's <c>HuggingFaceStorageWriter(save_sharded=True)</c> documents them:
/// <c>DCP_SHARDING_INFO</c>, JSON in a text, has for each tensor of the file the first index in every dim; <c>DCP_VERSION</c> is 1.0, <c>format</c> is pt.
/// </summary>
public class Metadata_of_shards
{
    [Theory]
    [InlineData("one rank")]
    [InlineData("two ranks")]
    [InlineData("uneven")]
    [InlineData("chunks of chunks")]
    [InlineData("two dims")]
    public void Are_those_that_PyTorch_documents(string cutName)
    {
        using var folder = new TemporaryFolder();
        var cut = Cut.Named(cutName);
        // Where each rank's part of the split parameter begins, by the chunk rule.
        var begins = DeviceMesh.RunInProcess(cut.Axes, mesh =>
        {
            using var model = new CutModel(1, mesh, cut);
            using var optimizer = model.Optimizer("Adam");
            model.SetGradients(0);
            optimizer.step();
            using var checkpoints = new CheckpointDirectory(folder["c"], mesh);
            checkpoints.Save(1, new TrainingState(model, optimizer));
            long[] shape = [6, 10, 4];
            var offset = new long[3];
            foreach (var placement in cut.Placements)
            {
                var axis = mesh.Axis(placement.Axis!);
                var chunk = (shape[placement.Dim] + axis.Size - 1) / axis.Size;
                offset[placement.Dim] += Math.Min(shape[placement.Dim], chunk * axis.Rank);
                shape[placement.Dim] = Math.Max(0, Math.Min(chunk, shape[placement.Dim] - (chunk * axis.Rank)));
            }
            return (Offset: offset, IsEmpty: shape.Contains(0));
        });
        foreach (var (section, names) in ((string, string[])[])[("model", ["experts_wi", "norm_scale", "gate", "temperature", "counts"]), ("optimizer", ["state.experts_wi.exp_avg", "state.gate.exp_avg_sq", "state.norm_scale.max_exp_avg_sq"])])
        {
            var seen = new HashSet<string>();
            var beginnings = new List<string>();
            for (var rank = 0; rank < begins.Length; rank++)
            {
                var path = Path.Combine(folder["c"], "step-00000001", section, $"shard-{rank + 1:D5}-model-00001-of-00001.safetensors");
                if (!File.Exists(path)) continue;
                var file = File.ReadAllBytes(path);
                using var header = JsonDocument.Parse(file.AsMemory(8, checked((int)BitConverter.ToUInt64(file, 0))));
                var metadata = header.RootElement.GetProperty("__metadata__");
                Assert.Equal(["DCP_SHARDING_INFO", "DCP_VERSION", "format"], metadata.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal));
                Assert.All(metadata.EnumerateObject(), entry => Assert.Equal(JsonValueKind.String, entry.Value.ValueKind));
                Assert.Equal(("1.0", "pt"), (metadata.GetProperty("DCP_VERSION").GetString(), metadata.GetProperty("format").GetString()));
                using var info = JsonDocument.Parse(metadata.GetProperty("DCP_SHARDING_INFO").GetString()!);
                var tensors = header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToArray();
                Assert.Equal(tensors.Select(entry => entry.Name).Order(StringComparer.Ordinal), info.RootElement.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal));
                foreach (var tensor in tensors)
                {
                    seen.Add(tensor.Name);
                    var entry = info.RootElement.GetProperty(tensor.Name);
                    Assert.Equal("saved_offsets", Assert.Single(entry.EnumerateObject()).Name);
                    long[] offsets = [.. entry.GetProperty("saved_offsets").EnumerateArray().Select(offset => offset.GetInt64())];
                    Assert.Equal(tensor.Value.GetProperty("shape").GetArrayLength(), offsets.Length);
                    if (!tensor.Name.Contains("experts_wi", StringComparison.Ordinal))
                    {
                        if (tensor.Name != "counts") Assert.All(offsets, offset => Assert.Equal(0, offset));
                        continue;
                    }
                    // A part that several ranks hold is written by one of them.
                    beginnings.Add($"{tensor.Name} {string.Join(' ', offsets)}");
                }
            }
            Assert.Superset(names.ToHashSet(), seen);
            var fields = seen.Where(name => name.Contains("experts_wi", StringComparison.Ordinal));
            Assert.Equal(
                fields.SelectMany(name => begins.Where(begin => !begin.IsEmpty).Select(begin => $"{name} {string.Join(' ', begin.Offset)}").Distinct()).Order(StringComparer.Ordinal),
                beginnings.Order(StringComparer.Ordinal));
        }
    }
}
