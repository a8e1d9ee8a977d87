namespace GShard;

/// <summary>The barrier between ranks of one process.</summary>
internal static class ProviderBarrier
{
    public static IRankBarrier Create(int participants) => new ManagedBarrier(participants);
}
