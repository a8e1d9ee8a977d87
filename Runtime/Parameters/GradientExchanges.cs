namespace GShard;

/// <summary>The exchanges of gradients of one backward, and of those that it calls, which may go on beside it; see <see cref="Gradients.Exchanges"/>.</summary>
public readonly struct GradientExchanges : IDisposable
{
    /// <summary>Waits, in the outermost backward, for all of them, and adds the sums to the parameters' gradients in the order in which they were started.</summary>
    /// <exception cref="CollectiveException">The ranks disagree on one of them, a rank did not come in time, or one has failed.</exception>
    public void Complete() => PendingGradients.Complete();

    /// <summary>Ends them. Where an exception has left out <see cref="Complete"/>, nobody waits for them, and what they bring is dropped.</summary>
    public void Dispose() => PendingGradients.Leave();
}
