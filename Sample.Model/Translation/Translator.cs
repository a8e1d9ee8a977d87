using Sample.Model.Data;
using static TorchSharp.torch;

namespace Sample.Model.Translation;

/// <summary>Greedy decoding: the likeliest character, then the likeliest after that, until the end.</summary>
/// <param name="model">In evaluation mode. Several threads may decode with one model.</param>
/// <param name="vocabulary">Its vocabulary.</param>
public sealed class Translator(Transformer model, Vocabulary vocabulary)
{
    private const int RowsAtOnce = 32;

    /// <summary>The English of each phrase, in the same order.</summary>
    public IReadOnlyList<string> Translate(IReadOnlyList<(string Language, string Text)> phrases)
    {
        using var _ = no_grad();
        var sources = phrases.Select(p => vocabulary.EncodeSource(p.Language, p.Text)).ToArray();
        var translations = new string[phrases.Count];
        // Neighbours in length: no padding, and they end about together.
        foreach (var rows in Enumerable.Range(0, sources.Length).OrderBy(i => sources[i].Length).Chunk(RowsAtOnce))
        {
            using var scope = NewDisposeScope();
            var decoded = Decode([.. rows.Select(i => sources[i])]);
            for (var i = 0; i < rows.Length; i++)
                translations[rows[i]] = vocabulary.DecodeTarget(decoded[i]);
        }
        return translations;
    }

    private long[][] Decode(long[][] sources)
    {
        var source = tensor(Batch.Pad(sources), [sources.Length, sources.Max(s => s.Length)]);
        var (memory, padding) = model.Encode(source);
        var decoded = sources.Select(_ => new List<long> { Vocabulary.Begin }).ToArray();
        var open = Enumerable.Range(0, sources.Length).ToArray();
        for (var length = 1; length < model.Options.MaxLength && open.Length > 0; length++)
        {
            // What a step computes is freed with it; the encoder's output stays.
            using var step = NewDisposeScope();
            var target = tensor(open.SelectMany(i => decoded[i]).ToArray(), [open.Length, length]);
            var next = model.Next(target, memory, padding).argmax(-1).data<long>().ToArray();
            for (var i = 0; i < open.Length; i++)
                decoded[open[i]].Add(next[i]);
            var going = Enumerable.Range(0, open.Length).Where(i => next[i] != Vocabulary.End).ToArray();
            if (going.Length < open.Length && going.Length > 0)
            {
                var kept = tensor(going.Select(i => (long)i).ToArray());
                (memory, padding) = (Kept(memory, kept), Kept(padding, kept));
            }
            open = [.. going.Select(i => open[i])];
        }
        return [.. decoded.Select(row => row.Skip(1).ToArray())];
    }

    private static Tensor Kept(Tensor rows, Tensor kept)
    {
        var result = rows.index_select(0, kept).MoveToOuterDisposeScope();
        rows.Dispose();
        return result;
    }
}
