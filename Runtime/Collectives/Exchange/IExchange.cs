using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// What a backend must be able to do between processes, over host memory that stays until the work is done; <see cref="ExchangeGroup"/>
/// makes every collective of it.
/// </summary>
internal interface IExchange : IDisposable
{
    /// <summary>Sends a message. Those of one tag reach a member in the order in which they were sent.</summary>
    IExchangeWork Send(int member, int tag, MemoryRun message);

    /// <summary>Receives the next message of a tag from a member, which has at most as many bytes.</summary>
    IExchangeWork Receive(int member, int tag, MemoryRun message);

    /// <summary>The sum, in place, in an order of the backend's own but the same bits on every member, all of which call it.</summary>
    IExchangeWork Sum(nint data, long count, ScalarType dtype);
}
