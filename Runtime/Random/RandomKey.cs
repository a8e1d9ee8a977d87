namespace GShard;

/// <summary>Names one random operator of one step: what it draws depends on this and on the global index of each element, and on nothing else.</summary>
/// <param name="Seed">The program's seed.</param>
/// <param name="Step">The training step.</param>
/// <param name="MicroBatch">The micro-batch within the step.</param>
/// <param name="Ordinal">The number of random operators that the step called before this one.</param>
public readonly record struct RandomKey(long Seed, long Step, int MicroBatch, int Ordinal)
{
    /// <summary>The generator's key and the upper half of its counter: the four fields, mixed by the generator itself.</summary>
    internal (ulong Key, ulong Stream) Philox()
    {
        var mixed = Philox4x32.Block((ulong)Step, ((ulong)(uint)MicroBatch << 32) | (uint)Ordinal, (ulong)Seed);
        return (((ulong)mixed.Y << 32) | mixed.X, ((ulong)mixed.W << 32) | mixed.Z);
    }
}
