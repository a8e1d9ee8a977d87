using System.Text;

namespace Sample.Model.Data;

/// <summary>Numbers for characters. A source also begins with a number for its language.</summary>
/// <remarks>Both sides share the numbers of <see cref="Padding"/>, <see cref="Begin"/>, <see cref="End"/> and <see cref="Unknown"/>.</remarks>
public sealed class Vocabulary
{
    /// <summary>Fills a row up to the batch's length.</summary>
    public const int Padding = 0;

    /// <summary>What the decoder is given before the first character.</summary>
    public const int Begin = 1;

    /// <summary>What the decoder says after the last character.</summary>
    public const int End = 2;

    /// <summary>A character that training never showed.</summary>
    public const int Unknown = 3;

    private const int Specials = 4;

    private readonly Dictionary<Rune, int> source;
    private readonly Dictionary<Rune, int> target;
    private readonly Dictionary<string, int> languages;

    /// <summary>A vocabulary of these characters and languages; their order is their numbering.</summary>
    public Vocabulary(string sourceCharacters, string targetCharacters, IReadOnlyList<string> languages)
    {
        SourceCharacters = sourceCharacters;
        TargetCharacters = targetCharacters;
        Languages = languages;
        source = Number(sourceCharacters.EnumerateRunes());
        target = Number(targetCharacters.EnumerateRunes());
        this.languages = languages.Select((language, i) => (language, i)).ToDictionary(x => x.language, x => Specials + source.Count + x.i);
    }

    /// <summary>The characters of the foreign phrases, in the order of their numbers.</summary>
    public string SourceCharacters { get; }

    /// <summary>The characters of the English phrases, in the order of their numbers.</summary>
    public string TargetCharacters { get; }

    /// <summary>The languages, in the order of their numbers.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>How many numbers a source uses.</summary>
    public int SourceSize => Specials + source.Count + languages.Count;

    /// <summary>How many numbers a target uses.</summary>
    public int TargetSize => Specials + target.Count;

    /// <summary>The vocabulary of what <paramref name="corpus"/> trains on; held-out phrases may hold unknown characters.</summary>
    public static Vocabulary Of(Corpus corpus) => new(
        Characters(corpus.Training.Select(p => p.Text)),
        Characters(corpus.Training.Select(p => p.English)),
        corpus.Languages);

    /// <summary>The language's number, then the characters'.</summary>
    /// <exception cref="InputException">The language is not in the vocabulary.</exception>
    public long[] EncodeSource(string language, string text)
    {
        if (!languages.TryGetValue(language, out var number))
            throw new InputException($"The language '{language}' is not one of those the model knows: {string.Join(", ", Languages)}.");
        return [number, .. Encode(source, text)];
    }

    /// <summary>The characters' numbers, without begin and end.</summary>
    public long[] EncodeTarget(string text) => [.. Encode(target, text)];

    /// <summary>The characters up to the first <see cref="End"/>; an unknown one reads U+FFFD.</summary>
    public string DecodeTarget(ReadOnlySpan<long> numbers)
    {
        targetRunes ??= [.. TargetCharacters.EnumerateRunes()];
        var text = new StringBuilder();
        foreach (var number in numbers)
        {
            if (number == End)
                break;
            if (number >= Specials)
                text.Append(targetRunes[number - Specials].ToString());
            else if (number == Unknown)
                text.Append('\uFFFD');
        }
        return text.ToString();
    }

    private Rune[]? targetRunes;

    private static IEnumerable<long> Encode(Dictionary<Rune, int> numbers, string text) =>
        text.EnumerateRunes().Select(rune => (long)numbers.GetValueOrDefault(rune, Unknown));

    private static Dictionary<Rune, int> Number(IEnumerable<Rune> characters) =>
        characters.Select((rune, i) => (rune, i)).ToDictionary(x => x.rune, x => Specials + x.i);

    private static string Characters(IEnumerable<string> texts) =>
        string.Concat(texts.SelectMany(t => t.EnumerateRunes()).Distinct().Order());
}
