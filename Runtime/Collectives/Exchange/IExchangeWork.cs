namespace GShard;

/// <summary>An exchange under way.</summary>
internal interface IExchangeWork : IDisposable
{
    /// <summary>Waits for its end; false where it goes on after the limit.</summary>
    /// <exception cref="ExchangeException">It has failed: as a rule a connection to another member broke.</exception>
    bool Wait(TimeSpan limit);
}
