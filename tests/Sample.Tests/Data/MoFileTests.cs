using Sample.Model.Data;

namespace Sample.Tests.Data;

public class MoFileTests
{
    private static readonly (string, string)[] German =
    [
        ("", "Project-Id-Version: test\nContent-Type: text/plain; charset=UTF-8\n"),
        ("France", "Frankreich"),
        ("Åland Islands", "Ålandinseln"),
        ("Mongolian", "Mongolisch"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Messages_are_read_in_either_byte_order(bool littleEndian)
    {
        var messages = MoFile.Parse(MoFileBuilder.Build(littleEndian, German), "de.mo");

        Assert.Equal(
            [new(null, "France", "Frankreich"), new(null, "Åland Islands", "Ålandinseln"), new MoMessage(null, "Mongolian", "Mongolisch")],
            messages);
    }

    [Fact]
    public void A_context_is_told_from_its_message()
    {
        var messages = MoFile.Parse(MoFileBuilder.Build(true, ("country\u0004Georgia", "Georgien")), "de.mo");

        Assert.Equal([new MoMessage("country", "Georgia", "Georgien")], messages);
    }

    [Fact]
    public void Plural_forms_are_left_out()
    {
        var messages = MoFile.Parse(MoFileBuilder.Build(true, ("one\0many", "eins\0viele"), ("two", "zwei")), "de.mo");

        Assert.Equal([new MoMessage(null, "two", "zwei")], messages);
    }

    [Fact]
    public void A_catalog_in_another_charset_is_refused_by_name()
    {
        var bytes = MoFileBuilder.Build(true, ("", "Content-Type: text/plain; charset=ISO-8859-1\n"));

        var error = Assert.Throws<DataException>(() => MoFile.Parse(bytes, "de.mo"));

        Assert.Contains("ISO-8859-1", error.Message);
    }

    [Fact]
    public void A_file_that_is_no_catalog_is_refused()
    {
        var error = Assert.Throws<DataException>(() => MoFile.Parse(new byte[64], "notes.txt"));

        Assert.Contains("notes.txt is no .mo file", error.Message);
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused()
    {
        var bytes = MoFileBuilder.Build(true, ("France", "Frankreich"));
        bytes[^2] = 0xff;

        Assert.Throws<DataException>(() => MoFile.Parse(bytes, "de.mo"));
    }

    [Fact]
    public void A_table_of_four_billion_messages_is_refused_without_room_being_made_for_it()
    {
        var bytes = MoFileBuilder.Build(true, German);
        bytes.AsSpan(8, 4).Fill(0xff);

        Assert.Throws<DataException>(() => MoFile.Parse(bytes, "de.mo"));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var bytes = MoFileBuilder.Build(true, German);

        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<DataException>(() => MoFile.Parse(bytes.AsSpan(0, length), "de.mo"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_corrupted_file_is_read_or_refused_and_nothing_else(bool littleEndian)
    {
        var whole = MoFileBuilder.Build(littleEndian, German);
        var random = new SplitMix64(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = whole.ToArray();
            for (var flips = 1 + random.Next() % 4; flips > 0; flips--)
                bytes[random.Next() % (ulong)bytes.Length] = (byte)random.Next();

            var error = Record.Exception(() => { MoFile.Parse(bytes, "de.mo"); });

            Assert.True(error is null or DataException, error?.ToString());
        }
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<DataException>(() => MoFile.Read("/nowhere/de.mo"));

        Assert.Contains("/nowhere/de.mo", error.Message);
    }
}
