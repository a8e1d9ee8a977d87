using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// What a backend must be able to do between processes, over host memory that stays until the work is done; <see cref="ExchangeGroup"/>
/// makes every collective of it. All members start the same exchanges, of fitting sizes, in the same order.
/// </summary>
internal interface IExchange : IDisposable
{
    /// <summary>Sends a run of bytes to each member and receives one of each; the runs lie one after the other, by member.</summary>
    IExchangeWork AllToAll(nint output, ReadOnlySpan<long> received, nint input, ReadOnlySpan<long> sent);

    /// <summary>Every member's bytes, one after the other; all give as many.</summary>
    IExchangeWork AllGather(nint output, nint input, long bytes);

    /// <summary>The bytes of one member, in place.</summary>
    IExchangeWork Broadcast(nint data, long bytes, int source);

    /// <summary>The sum, in place, in an order of the backend's own but the same bits on every member.</summary>
    IExchangeWork Sum(nint data, long count, ScalarType dtype);

    /// <summary>Whether <see cref="Sum"/> takes elements of a type, and rounds as adding one after the other in that type does.</summary>
    bool Sums(ScalarType dtype);
}
