using Sample.Model.Data;

namespace Sample.Tests.Data;

public class CatalogsTests
{
    private static readonly IReadOnlyList<Phrase> Phrases = Catalogs.Load(Catalogs.Locate(null));

    [Fact]
    public void The_machines_catalogs_hold_tens_of_thousands_of_pairs_in_more_than_a_hundred_languages()
    {
        Assert.InRange(Phrases.Count, 50_000, 200_000);
        Assert.InRange(Phrases.Select(p => p.Language).Distinct().Count(), 100, 250);
        Assert.Contains(new Phrase("de", "Frankreich", "France"), Phrases);
    }

    [Fact]
    public void No_phrase_is_longer_than_the_limit_and_none_stands_twice()
    {
        Assert.All(Phrases, p => Assert.InRange(p.Text.EnumerateRunes().Count(), 1, Catalogs.LongestPhrase));
        Assert.All(Phrases, p => Assert.InRange(p.English.EnumerateRunes().Count(), 1, Catalogs.LongestPhrase));
        Assert.Equal(Phrases.Count, Phrases.Distinct().Count());
    }

    [Fact]
    public void A_folder_without_catalogs_is_named_with_the_remedy()
    {
        var error = Assert.Throws<DataException>(() => Catalogs.Locate("/nowhere"));

        Assert.Contains("/nowhere", error.Message);
        Assert.Contains("iso-codes", error.Message);
    }
}
