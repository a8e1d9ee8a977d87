using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace GShard;

/// <summary>A file of tensors, and where each comes from when its turn is.</summary>
internal sealed record ShardToWrite(string Path, SafeTensorsHeader Header, IReadOnlyList<Func<Tensor>> Tensors)
{
    /// <summary>The metadata by which PyTorch's distributed checkpoint knows where a file's tensors lie in the whole ones.</summary>
    public static Dictionary<string, string> Metadata(IEnumerable<TensorPart> parts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var part in parts)
            {
                json.WriteStartObject(part.Name);
                json.WriteStartArray(ShardingInfo.OffsetsKey);
                foreach (var offset in part.Box!.Offset) json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return new Dictionary<string, string> { ["format"] = "pt", ["DCP_VERSION"] = "1.0", [ShardingInfo.Key] = Encoding.UTF8.GetString(stream.ToArray()) };
    }
}
