using Sample.Model;
using Sample.Model.Data;

namespace Sample.Tests.Data;

public class BatchScheduleTests
{
    private static readonly EncodedPhrase[] Sentences =
        [.. Enumerable.Range(0, 1000).Select(i => new EncodedPhrase([.. Enumerable.Repeat(10L + i, 2 + i % 30)], [.. Enumerable.Repeat(10L, 1 + i % 17)]))];

    [Fact]
    public void Every_batch_has_the_asked_size()
    {
        Assert.All(new BatchSchedule(Sentences, 48, 1).Batches().Take(50), b => Assert.Equal(48, b.Rows));
    }

    [Fact]
    public void An_epoch_shows_no_sentence_twice()
    {
        var schedule = new BatchSchedule(Sentences, 48, 1);

        var shown = schedule.Batches().Take(schedule.BatchesPerEpoch).SelectMany(First).ToList();

        Assert.Equal(20 * 48, shown.Count);
        Assert.Equal(shown.Count, shown.Distinct().Count());
    }

    [Fact]
    public void One_seed_gives_one_order_and_another_seed_another()
    {
        static List<long> Order(long seed) => [.. new BatchSchedule(Sentences, 48, seed).Batches().Take(30).SelectMany(First)];

        Assert.Equal(Order(1), Order(1));
        Assert.NotEqual(Order(1), Order(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(33)]
    public void It_goes_on_from_any_batch(int first)
    {
        var schedule = new BatchSchedule(Sentences, 48, 1);

        Assert.Equal(schedule.Batches().Skip(first).Take(45).SelectMany(First), schedule.Batches(first).Take(45).SelectMany(First));
    }

    [Fact]
    public void Sentences_of_about_one_length_stand_together()
    {
        var batches = new BatchSchedule(Sentences, 20, 1).Batches().Take(50).ToList();

        var padding = batches.Sum(b => b.Source.Count(t => t == Vocabulary.Padding));
        var all = batches.Sum(b => b.Source.Length);

        // At random about half of every row would be padding.
        Assert.InRange((double)padding / all, 0, 0.25);
    }

    [Fact]
    public void A_batch_is_padded_and_shifted_by_one()
    {
        var batch = Batch.Of([new([20, 11], [5, 6]), new([21, 12, 13], [7])]);

        Assert.Equal([20, 11, 0, 21, 12, 13], batch.Source);
        Assert.Equal([Vocabulary.Begin, 5, 6, Vocabulary.Begin, 7, 0], batch.Target);
        Assert.Equal([5, 6, Vocabulary.End, 7, Vocabulary.End, 0], batch.Expected);
        Assert.Equal((3, 3, 10), (batch.SourceLength, batch.TargetLength, batch.Tokens));
    }

    [Fact]
    public void Fewer_sentences_than_a_batch_are_an_error()
    {
        var error = Assert.Throws<InputException>(() => new BatchSchedule(Sentences.Take(3), 4, 1));

        Assert.Contains("--batch", error.Message);
    }

    // The first number tells a sentence from the others; a padded row still begins with it.
    private static IEnumerable<long> First(Batch batch) => Enumerable.Range(0, batch.Rows).Select(i => batch.Source[i * batch.SourceLength]);
}
