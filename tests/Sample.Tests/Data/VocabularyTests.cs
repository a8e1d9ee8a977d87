using Sample.Model;
using Sample.Model.Data;

namespace Sample.Tests.Data;

public class VocabularyTests
{
    private static readonly Vocabulary Vocabulary = new("abc\U0001D11E", "ABC", ["de", "fr"]);

    [Fact]
    public void A_source_begins_with_its_language()
    {
        Assert.Equal([8, 4, 5], Vocabulary.EncodeSource("de", "ab"));
        Assert.Equal([9, 6], Vocabulary.EncodeSource("fr", "c"));
        Assert.Equal(10, Vocabulary.SourceSize);
    }

    [Fact]
    public void A_character_outside_the_basic_plane_is_one_number()
    {
        Assert.Equal([8, 7], Vocabulary.EncodeSource("de", "\U0001D11E"));
    }

    [Fact]
    public void An_unknown_character_has_its_own_number()
    {
        Assert.Equal([8, Vocabulary.Unknown], Vocabulary.EncodeSource("de", "z"));
    }

    [Fact]
    public void An_unknown_language_is_an_error_that_names_the_known_ones()
    {
        var error = Assert.Throws<InputException>(() => Vocabulary.EncodeSource("it", "a"));

        Assert.Contains("'it'", error.Message);
        Assert.Contains("de, fr", error.Message);
    }

    [Fact]
    public void What_is_encoded_decodes_up_to_the_end()
    {
        long[] numbers = [.. Vocabulary.EncodeTarget("CAB"), Vocabulary.End, 5, 5];

        Assert.Equal("CAB", Vocabulary.DecodeTarget(numbers));
        Assert.Equal(7, Vocabulary.TargetSize);
    }

    [Fact]
    public void Characters_are_numbered_in_order_whatever_the_order_of_the_phrases()
    {
        Phrase[] phrases = [new("de", "zwei", "two"), new("de", "eins", "one")];

        var forward = Vocabulary.Of(new Corpus(phrases));
        var backward = Vocabulary.Of(new Corpus(phrases.Reverse()));

        Assert.Equal(forward.SourceCharacters, backward.SourceCharacters);
        Assert.Equal("einswz", forward.SourceCharacters);
    }
}
