using System.Text.Json;

namespace GShard;

/// <summary>
/// Where the tensors of a safetensors file lie in whole ones, as PyTorch's distributed checkpoint writes it to the file's metadata:
/// <c>DCP_SHARDING_INFO</c> is JSON of <c>{name: {"saved_offsets": [first index in each dim]}}</c>. A file without it has whole tensors.
/// </summary>
internal static class ShardingInfo
{
    public const string Key = "DCP_SHARDING_INFO";
    public const string OffsetsKey = "saved_offsets";

    /// <summary>The boxes of a file's tensors.</summary>
    /// <exception cref="CheckpointException">The metadata are damaged.</exception>
    public static IEnumerable<(SafeTensorsEntry Entry, Box Box)> BoxesOf(SafeTensorsHeader header, string path)
    {
        if (!header.Metadata.TryGetValue(Key, out var info)) return header.Entries.Select(entry => (entry, Box.Whole(entry.Shape)));
        try
        {
            using var json = JsonDocument.Parse(info);
            return header.Entries.Select(entry =>
            {
                var offset = json.RootElement.GetProperty(entry.Name).GetProperty(OffsetsKey).EnumerateArray().Select(number => number.GetInt64()).ToArray();
                if (offset.Length != entry.Shape.Length || offset.Zip(entry.Shape).Any(pair => pair.First < 0 || pair.First > long.MaxValue - pair.Second))
                    throw new FormatException($"'{entry.Name}' has the offsets [{string.Join(", ", offset)}]");
                return (entry, new Box(offset, entry.Shape));
            }).ToArray();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException($"'{path}' has bad metadata: its {Key} does not tell where its tensors lie ({exception.Message}).", exception);
        }
    }
}
