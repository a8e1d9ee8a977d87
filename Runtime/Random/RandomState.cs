namespace GShard;

/// <summary>Where a thread stands in its random numbers.</summary>
internal struct RandomState
{
    public long Seed;
    public long Step;
    public int MicroBatch;
    public int Ordinal;
    public int Initialised;
}
