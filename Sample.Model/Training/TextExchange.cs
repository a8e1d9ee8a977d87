using System.Text;
using GShard;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>Exchanges lines of text between ranks, as bytes.</summary>
internal static class TextExchange
{
    /// <summary>The lines of every rank, by rank; none holds a line break or a zero.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Gather(MeshAxis axis, IReadOnlyList<string> lines)
    {
        using var mine = tensor(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + '\n')) + '\0'));
        using var all = axis.AllGather(mine, 0);
        return [.. Encoding.UTF8.GetString(all.data<byte>().ToArray()).Split('\0').SkipLast(1).Select(text => text.Split('\n').SkipLast(1).ToList())];
    }
}
