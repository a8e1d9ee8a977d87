namespace Sample.Model.Data;

/// <summary>
/// The translations of the <c>iso-codes</c> package: names of countries, languages, currencies and scripts in about
/// 150 languages, one gettext catalog a locale and standard.
/// </summary>
public static class Catalogs
{
    /// <summary>The standards read, in order.</summary>
    public static readonly IReadOnlyList<string> Standards = ["iso_3166-1", "iso_639-2", "iso_4217", "iso_15924"];

    /// <summary>Phrases longer than this, in Unicode code points, are left out; so is what translates to longer ones.</summary>
    public const int LongestPhrase = 40;

    /// <summary>
    /// The folder of locales to read: <paramref name="folder"/> where given, else the system's, else the cache that
    /// <c>eng/install.sh</c> fills on machines whose packages come without locale files.
    /// </summary>
    /// <exception cref="DataException">No catalog is there.</exception>
    public static string Locate(string? folder)
    {
        string[] candidates = folder is not null ? [folder] : ["/usr/share/locale", Path.Combine(CacheFolder(), "gshard/iso-codes/usr/share/locale")];
        foreach (var candidate in candidates)
        {
            if (Files(candidate).Any())
                return candidate;
        }
        throw new DataException($"No translation catalogs ({string.Join(", ", Standards)}) are in {string.Join(" or ", candidates)}: install the package iso-codes (eng/install.sh does) or name their folder with --catalogs.");
    }

    /// <summary>
    /// Every distinct pair of <paramref name="folder"/>'s catalogs, ordered by language, phrase and English, whatever the
    /// order of the files.
    /// </summary>
    /// <exception cref="DataException">A catalog is corrupt.</exception>
    public static IReadOnlyList<Phrase> Load(string folder)
    {
        var phrases = new HashSet<Phrase>();
        foreach (var (language, path) in Files(folder))
        {
            foreach (var message in MoFile.Read(path))
            {
                // Messages with a context are about grammar, not names.
                if (message.Context is null && Fits(message.Id) && Fits(message.Translation))
                    phrases.Add(new Phrase(language, message.Translation, message.Id));
            }
        }
        return [.. phrases
            .OrderBy(p => p.Language, StringComparer.Ordinal)
            .ThenBy(p => p.Text, StringComparer.Ordinal)
            .ThenBy(p => p.English, StringComparer.Ordinal)];
    }

    private static IEnumerable<(string Language, string Path)> Files(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var locale in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            foreach (var standard in Standards)
            {
                var path = Path.Combine(locale, "LC_MESSAGES", standard + ".mo");
                if (File.Exists(path))
                    yield return (Path.GetFileName(locale), path);
            }
        }
    }

    private static bool Fits(string text)
    {
        var length = text.EnumerateRunes().Count();
        return length is > 0 and <= LongestPhrase;
    }

    private static string CacheFolder() => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
        ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
}
