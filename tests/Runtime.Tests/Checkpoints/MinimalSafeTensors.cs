using System.Text.Json;

namespace GShard.Runtime.Tests;

/// <summary>The format as its specification states it, in a few lines: names to element type, shape and bytes.</summary>
internal static class MinimalSafeTensors
{
    public static Dictionary<string, (string Dtype, long[] Shape, byte[] Bytes)> Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var length = (int)BitConverter.ToUInt64(file, 0);
        using var header = JsonDocument.Parse(file.AsMemory(8, length));
        return header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(entry => entry.Name, entry =>
        {
            var range = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32()).ToArray();
            return (entry.Value.GetProperty("dtype").GetString()!, entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray(), file[(8 + length + range[0])..(8 + length + range[1])]);
        });
    }

    /// <summary>The whole tensors of files that hold boxes of them, by the layout that PyTorch documents for its distributed checkpoints.</summary>
    public static Dictionary<string, (string Dtype, long[] Shape, byte[] Bytes)> Assemble(string[] paths)
    {
        var boxes = new List<(string Name, string Dtype, long[] Offset, long[] Shape, byte[] Bytes)>();
        foreach (var path in paths)
        {
            var file = File.ReadAllBytes(path);
            using var header = JsonDocument.Parse(file.AsMemory(8, (int)BitConverter.ToUInt64(file, 0)));
            var metadata = header.RootElement.GetProperty("__metadata__");
            Assert.Equal(("pt", "1.0"), (metadata.GetProperty("format").GetString(), metadata.GetProperty("DCP_VERSION").GetString()));
            using var info = JsonDocument.Parse(metadata.GetProperty("DCP_SHARDING_INFO").GetString()!);
            foreach (var (name, (dtype, shape, bytes)) in Read(path))
                boxes.Add((name, dtype, [.. info.RootElement.GetProperty(name).GetProperty("saved_offsets").EnumerateArray().Select(offset => offset.GetInt64())], shape, bytes));
        }
        var wholes = new Dictionary<string, (string, long[], byte[])>();
        foreach (var parts in boxes.GroupBy(box => box.Name))
        {
            var shape = parts.First().Shape.Select((_, dim) => parts.Max(part => part.Offset[dim] + part.Shape[dim])).ToArray();
            var count = shape.Aggregate(1L, (product, size) => product * size);
            var size = parts.Sum(part => (long)part.Bytes.Length) / Math.Max(1, count);
            Assert.Equal(count * size, parts.Sum(part => part.Bytes.Length));
            var whole = new byte[count * size];
            foreach (var part in parts)
                for (var i = 0L; i < part.Bytes.Length / Math.Max(1, size); i++)
                {
                    var (rest, position, stride) = (i, 0L, 1L);
                    for (var dim = shape.Length - 1; dim >= 0; dim--)
                    {
                        position += (part.Offset[dim] + (rest % part.Shape[dim])) * stride;
                        rest /= part.Shape[dim];
                        stride *= shape[dim];
                    }
                    part.Bytes.AsSpan((int)(i * size), (int)size).CopyTo(whole.AsSpan((int)(position * size)));
                }
            wholes.Add(parts.Key, (parts.First().Dtype, shape, whole));
        }
        return wholes;
    }

    public static byte[] Write(string header, int dataBytes)
    {
        var json = System.Text.Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataBytes]];
    }
}
