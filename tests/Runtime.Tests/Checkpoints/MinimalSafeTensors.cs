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

    public static byte[] Write(string header, int dataBytes)
    {
        var json = System.Text.Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataBytes]];
    }
}
