using System.Text;

namespace Sample.Model.Data;

/// <summary>Languages by how many phrases there are to learn from.</summary>
public enum LanguageGroup
{
    /// <summary>At least <see cref="Corpus.Many"/>.</summary>
    Many,

    /// <summary>At least <see cref="Corpus.Some"/>.</summary>
    Some,

    /// <summary>Fewer.</summary>
    Few,
}

/// <summary>The phrases, a part of them held out of training.</summary>
public sealed class Corpus
{
    /// <summary>From this many training phrases on, a language counts as one of <see cref="LanguageGroup.Many"/>.</summary>
    public const int Many = 800;

    /// <summary>From this many training phrases on, a language counts as one of <see cref="LanguageGroup.Some"/>.</summary>
    public const int Some = 200;

    private const ulong HeldOutOneIn = 20;

    private readonly Dictionary<string, int> trainingCount;

    /// <summary>Splits <paramref name="phrases"/>.</summary>
    public Corpus(IEnumerable<Phrase> phrases)
    {
        var training = new List<Phrase>();
        var heldOut = new List<Phrase>();
        foreach (var phrase in phrases)
            (IsHeldOut(phrase) ? heldOut : training).Add(phrase);
        Training = training;
        HeldOut = heldOut;
        Languages = [.. training.Concat(heldOut).Select(p => p.Language).Distinct().Order(StringComparer.Ordinal)];
        trainingCount = training.CountBy(p => p.Language).ToDictionary();
    }

    /// <summary>What is learned from.</summary>
    public IReadOnlyList<Phrase> Training { get; }

    /// <summary>What is never learned from.</summary>
    public IReadOnlyList<Phrase> HeldOut { get; }

    /// <summary>All languages, in ordinal order.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>The group of <paramref name="language"/> by its number of training phrases.</summary>
    public LanguageGroup GroupOf(string language) => trainingCount.GetValueOrDefault(language) switch
    {
        >= Many => LanguageGroup.Many,
        >= Some => LanguageGroup.Some,
        _ => LanguageGroup.Few,
    };

    /// <summary>
    /// Whether a phrase is held out: one in twenty, by a hash of language and phrase alone, so that the answer never
    /// depends on which other phrases there are, and a phrase with two English names is on one side with both.
    /// </summary>
    public static bool IsHeldOut(Phrase phrase)
    {
        // FNV-1a, then the finaliser of SplitMix64 for the low bits.
        var hash = 14695981039346656037UL;
        foreach (var b in Encoding.UTF8.GetBytes($"{phrase.Language}\n{phrase.Text}"))
            hash = (hash ^ b) * 1099511628211UL;
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9UL;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebUL;
        return (hash ^ (hash >> 31)) % HeldOutOneIn == 0;
    }
}
