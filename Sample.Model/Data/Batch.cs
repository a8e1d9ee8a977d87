namespace Sample.Model.Data;

/// <summary>Sentences side by side, padded to the longest of each side.</summary>
/// <param name="Rows">Number of sentences, B.</param>
/// <param name="Source">[B, S] language and characters of the foreign phrases.</param>
/// <param name="Target">[B, T] what the decoder is given: begin, then the English characters.</param>
/// <param name="Expected">[B, T] what it is to say: the English characters, then end.</param>
public sealed record Batch(int Rows, long[] Source, long[] Target, long[] Expected)
{
    /// <summary>S, the length of the source rows.</summary>
    public int SourceLength => Source.Length / Rows;

    /// <summary>T, the length of the target rows.</summary>
    public int TargetLength => Target.Length / Rows;

    /// <summary>How many numbers on both sides are no padding.</summary>
    public int Tokens => Source.Count(t => t != Vocabulary.Padding) + Expected.Count(t => t != Vocabulary.Padding);

    /// <summary>The batch of these sentences.</summary>
    public static Batch Of(IReadOnlyList<EncodedPhrase> sentences) => new(
        sentences.Count,
        Pad([.. sentences.Select(s => s.Source)]),
        Pad([.. sentences.Select(s => (long[])[Vocabulary.Begin, .. s.Target])]),
        Pad([.. sentences.Select(s => (long[])[.. s.Target, Vocabulary.End])]));

    /// <summary>The rows one behind the other, each filled up to the longest.</summary>
    public static long[] Pad(IReadOnlyList<long[]> rows)
    {
        var length = rows.Max(r => r.Length);
        var padded = new long[rows.Count * length];
        for (var i = 0; i < rows.Count; i++)
            rows[i].CopyTo(padded, i * length);
        return padded;
    }
}

/// <summary>A phrase in numbers.</summary>
/// <param name="Source">Language and characters.</param>
/// <param name="Target">English characters, without begin and end.</param>
public sealed record EncodedPhrase(long[] Source, long[] Target)
{
    /// <summary><paramref name="phrase"/> in the numbers of <paramref name="vocabulary"/>.</summary>
    public static EncodedPhrase Of(Phrase phrase, Vocabulary vocabulary) =>
        new(vocabulary.EncodeSource(phrase.Language, phrase.Text), vocabulary.EncodeTarget(phrase.English));
}
