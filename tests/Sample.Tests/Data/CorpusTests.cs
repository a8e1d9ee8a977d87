using Sample.Model.Data;

namespace Sample.Tests.Data;

public class CorpusTests
{
    private static readonly Phrase[] Phrases =
        [.. from language in (string[])["de", "fr", "yo"] from i in Enumerable.Range(0, language == "yo" ? 100 : 1000) select new Phrase(language, $"{language} {i}", $"name {i}")];

    [Fact]
    public void About_one_phrase_in_twenty_is_held_out()
    {
        var corpus = new Corpus(Phrases);

        Assert.Equal(Phrases.Length, corpus.Training.Count + corpus.HeldOut.Count);
        Assert.InRange(corpus.HeldOut.Count, Phrases.Length / 30, Phrases.Length / 14);
    }

    [Fact]
    public void What_is_held_out_depends_neither_on_order_nor_on_the_other_phrases()
    {
        var all = new Corpus(Phrases).HeldOut;
        var reversed = new Corpus(Phrases.Reverse()).HeldOut;
        var german = new Corpus(Phrases.Where(p => p.Language == "de")).HeldOut;

        Assert.Equal(all.ToHashSet(), reversed.ToHashSet());
        Assert.Equal(all.Where(p => p.Language == "de"), german);
    }

    [Fact]
    public void A_phrase_with_two_english_names_is_on_one_side_with_both()
    {
        foreach (var phrase in Phrases)
            Assert.Equal(Corpus.IsHeldOut(phrase), Corpus.IsHeldOut(phrase with { English = "another name" }));
    }

    [Fact]
    public void The_split_is_the_same_in_every_version()
    {
        string[] heldOut = [.. Phrases.Where(p => p.Language == "yo" && Corpus.IsHeldOut(p)).Select(p => p.Text)];

        Assert.Equal(HeldOutYoruba, heldOut);
    }

    [Fact]
    public void Languages_are_grouped_by_their_training_phrases()
    {
        var corpus = new Corpus(Phrases);

        Assert.Equal(LanguageGroup.Many, corpus.GroupOf("de"));
        Assert.Equal(LanguageGroup.Few, corpus.GroupOf("yo"));
        Assert.Equal(LanguageGroup.Few, corpus.GroupOf("xx"));
    }

    private static readonly string[] HeldOutYoruba = ["yo 1", "yo 16", "yo 24", "yo 34", "yo 75", "yo 79"];
}
