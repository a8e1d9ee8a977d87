using Sample.Model.Data;

namespace Sample.Model.Translation;

/// <summary>How many phrases came out exactly right.</summary>
/// <param name="Phrases">Phrases tried.</param>
/// <param name="Exact">Those whose translation is the English name, letter for letter.</param>
/// <param name="Copied">Those that copying the phrase gets right.</param>
public readonly record struct Score(int Phrases, int Exact, int Copied)
{
    /// <summary>The share of exact translations, 0 to 1.</summary>
    public double Accuracy => Phrases == 0 ? 0 : (double)Exact / Phrases;

    /// <summary>The share that copying gets right, 0 to 1.</summary>
    public double CopyAccuracy => Phrases == 0 ? 0 : (double)Copied / Phrases;

    public static Score operator +(Score a, Score b) => new(a.Phrases + b.Phrases, a.Exact + b.Exact, a.Copied + b.Copied);

    /// <summary>The scores of <paramref name="translations"/> of <paramref name="phrases"/> by group of languages.</summary>
    public static SortedDictionary<LanguageGroup, Score> ByGroup(Corpus corpus, IReadOnlyList<Phrase> phrases, IReadOnlyList<string> translations)
    {
        var scores = new SortedDictionary<LanguageGroup, Score>();
        foreach (var (phrase, translation) in phrases.Zip(translations))
        {
            var group = corpus.GroupOf(phrase.Language);
            scores[group] = scores.GetValueOrDefault(group)
                + new Score(1, translation == phrase.English ? 1 : 0, phrase.Text == phrase.English ? 1 : 0);
        }
        return scores;
    }
}
