using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The thread on which a group's started collectives run, one after the other in the order in which they were started: the same on every
/// rank. It begins with the first.
/// </summary>
internal sealed class CollectiveQueue(string name)
{
    private readonly BlockingCollection<Action> work = [];
    private Thread? thread;
    private Task last = Task.CompletedTask;

    /// <summary>Starts a collective behind those that were started before.</summary>
    public Task<Tensor> Start(Func<Tensor> collective)
    {
        if (thread is null)
        {
            thread = new Thread(Work) { Name = $"GShard collectives over {name}", IsBackground = true };
            thread.Start();
        }
        var result = new TaskCompletionSource<Tensor>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(() =>
        {
            try
            {
                result.SetResult(collective());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        last = result.Task;
        return result.Task;
    }

    /// <summary>Waits for all that were started; their failures are told to those who wait for them.</summary>
    public void Settle()
    {
        if (!last.IsCompleted) ((IAsyncResult)last).AsyncWaitHandle.WaitOne();
    }

    private void Work()
    {
        // Grad mode is the thread's own.
        using var withoutGraph = no_grad();
        foreach (var collective in work.GetConsumingEnumerable()) collective();
    }
}
