namespace Sample.Model.Data;

/// <summary>
/// Endless batches of one size: every epoch shuffles the sentences anew, sorts stretches of them by length so that a batch
/// holds sentences of about one length, and shuffles the batches. The same seed gives the same batches on every rank.
/// </summary>
public sealed class BatchSchedule
{
    private const int BatchesSortedTogether = 100;

    private readonly EncodedPhrase[] sentences;
    private readonly int batchSize;
    private readonly ulong seed;

    /// <exception cref="InputException">There are fewer sentences than fit a batch.</exception>
    public BatchSchedule(IEnumerable<EncodedPhrase> sentences, int batchSize, long seed)
    {
        this.sentences = [.. sentences];
        this.batchSize = batchSize;
        this.seed = (ulong)seed;
        if (this.sentences.Length < batchSize)
            throw new InputException($"A batch of {batchSize} needs at least as many phrases, and there are {this.sentences.Length}: choose more languages or a smaller --batch.");
    }

    /// <summary>How many batches an epoch has; the sentences left over sit it out.</summary>
    public int BatchesPerEpoch => sentences.Length / batchSize;

    /// <summary>Batches without end.</summary>
    /// <param name="first">The number of the first one, from 0: how many were taken before.</param>
    public IEnumerable<Batch> Batches(int first = 0)
    {
        var skipped = first % BatchesPerEpoch;
        for (var epoch = (ulong)(first / BatchesPerEpoch); ; epoch++, skipped = 0)
        {
            foreach (var batch in Epoch(epoch).Skip(skipped))
                yield return Batch.Of(batch);
        }
    }

    private List<EncodedPhrase[]> Epoch(ulong epoch)
    {
        var random = new SplitMix64(seed * 0x9e3779b97f4a7c15UL + epoch);
        var order = sentences.ToArray();
        random.Shuffle(order);
        var batches = new List<EncodedPhrase[]>(BatchesPerEpoch);
        foreach (var stretch in order.Take(BatchesPerEpoch * batchSize).Chunk(batchSize * BatchesSortedTogether))
        {
            // LINQ's order is stable: equal lengths stay as shuffled.
            batches.AddRange(stretch
                .OrderBy(s => Math.Max(s.Source.Length, s.Target.Length))
                .ThenBy(s => s.Target.Length)
                .Chunk(batchSize));
        }
        random.Shuffle(batches);
        return batches;
    }
}
