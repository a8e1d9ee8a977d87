using System.Diagnostics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The started collectives of a group: they run on a thread of their own, one after the other in the order in which they were started, the
/// same on every rank, over a connection of their own, so that those which the program calls meanwhile need not come behind them. The thread
/// begins with the first and ends when there is nothing to do for a while.
/// </summary>
/// <param name="name">The group's name.</param>
/// <param name="connect">The group over that connection.</param>
internal sealed class CollectiveQueue(string name, Func<CollectiveGroup> connect)
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(2);

    private readonly object gate = new();
    private readonly Lazy<CollectiveGroup> group = new(connect);
    private readonly Queue<Action> work = [];
    private Task last = Task.CompletedTask;
    private bool isRunning;
    private volatile Exception? failure;

    /// <summary>Starts a collective behind those that were started before.</summary>
    public Task<T> Start<T>(Func<CollectiveGroup, T> collective)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var caller = CallSite.Capture();
        lock (gate)
        {
            work.Enqueue(() => Run(collective, caller, result));
            last = result.Task;
            if (isRunning)
            {
                Monitor.Pulse(gate);
            }
            else
            {
                isRunning = true;
                new Thread(Work) { Name = $"GShard collectives over {name}", IsBackground = true }.Start();
            }
        }
        return result.Task;
    }

    /// <summary>Waits for all that were started; their failures are told to those who wait for them.</summary>
    public void Settle()
    {
        Task all;
        lock (gate) all = last;
        if (!all.IsCompleted) ((IAsyncResult)all).AsyncWaitHandle.WaitOne();
    }

    private void Run<T>(Func<CollectiveGroup, T> collective, StackTrace caller, TaskCompletionSource<T> result)
    {
        try
        {
            // Behind one that has failed the other ranks' next may be another: its sum would be a wrong number.
            if (failure is { } before) throw before;
            using var place = CallSite.OnBehalfOf(caller);
            result.SetResult(collective(group.Value));
        }
        catch (Exception e)
        {
            failure ??= e;
            result.SetException(e);
        }
    }

    private void Work()
    {
        // Grad mode is the thread's own.
        using var withoutGraph = no_grad();
        while (Next() is { } collective) collective();
    }

    private Action? Next()
    {
        lock (gate)
        {
            if (work.Count == 0) Monitor.Wait(gate, IdleTime);
            if (work.TryDequeue(out var next)) return next;
            isRunning = false;
            return null;
        }
    }
}
