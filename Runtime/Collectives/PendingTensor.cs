using static TorchSharp.torch;

namespace GShard;

/// <summary>The result of a collective that has been started and goes on beside the program.</summary>
public sealed class PendingTensor
{
    private readonly Task<Tensor[]>? task;
    private readonly Tensor? ready;

    internal PendingTensor(Task<Tensor[]> task) => this.task = task;

    internal PendingTensor(Tensor ready) => this.ready = ready;

    /// <summary>Whether <see cref="Wait"/> returns at once.</summary>
    public bool IsCompleted => task is null || task.IsCompleted;

    /// <summary>Waits for the collective and returns its result, a fresh tensor that the caller owns. Called once.</summary>
    /// <exception cref="CollectiveException">The ranks disagree on the collective, one did not come in time, or one has failed.</exception>
    public Tensor Wait()
    {
        if (task is null) return ready!;
        var result = task.GetAwaiter().GetResult()[0];
        // The thread that made it has a dispose scope of its own; from here on the waiting thread's is at work.
        return DisposeScopeOf(result);
    }

    private static Tensor DisposeScopeOf(Tensor result)
    {
        var mine = result.alias();
        result.Dispose();
        return mine;
    }
}
