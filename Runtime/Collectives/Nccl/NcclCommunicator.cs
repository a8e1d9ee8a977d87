using System.Diagnostics;

namespace GShard;

/// <summary>
/// A communicator that does not block: every call returns at once and goes on inside NCCL; the communicator tells when the next may follow.
/// What has been handed to the device then runs there in the order of the stream, as libtorch's kernels do. Any thread may abort it.
/// </summary>
internal sealed unsafe class NcclCommunicator : IDisposable
{
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SpinTime = TimeSpan.FromMilliseconds(2);

    private readonly NcclLibrary library;
    private readonly Lock gate = new();
    private nint handle;

    /// <summary>Begins to connect; <see cref="Progress"/> ends when all members have.</summary>
    /// <exception cref="ExchangeException">NCCL refuses.</exception>
    public NcclCommunicator(NcclLibrary library, NcclUniqueId id, int member, int size)
    {
        this.library = library;
        var config = NcclConfig.NonBlocking();
        nint made = 0;
        var result = library.CommInitRankConfig(&made, size, id, member, &config);
        handle = made;
        Check("ncclCommInitRankConfig", result);
    }

    /// <summary>The end of what NCCL is in.</summary>
    public IExchangeWork Progress => new Work(this);

    /// <summary>Hands calls to the device, as one group.</summary>
    /// <exception cref="ExchangeException">NCCL refuses, or was aborted.</exception>
    public IExchangeWork Start(NcclBatch batch, nint stream)
    {
        lock (gate)
        {
            var communicator = Handle;
            Check("ncclGroupStart", library.GroupStart());
            var (failed, result) = ("", NcclLibrary.Success);
            foreach (var call in batch.Calls)
            {
                result = Issue(call, communicator, stream);
                if (result is NcclLibrary.Success or NcclLibrary.InProgress) continue;
                failed = $"nccl{(call.Kind == NcclBatch.Kind.Receive ? "Recv" : call.Kind)}";
                break;
            }
            var end = library.GroupEnd();
            if (failed.Length > 0) Check(failed, result);
            Check("ncclGroupEnd", end);
        }
        return Progress;
    }

    /// <summary>What has gone wrong since, or null.</summary>
    public string? Failure()
    {
        lock (gate)
        {
            if (handle == 0) return null;
            int state;
            var result = library.CommGetAsyncError(handle, &state);
            if (result == NcclLibrary.Success) result = state;
            return result is NcclLibrary.Success or NcclLibrary.InProgress ? null : library.Describe(result, handle);
        }
    }

    /// <summary>Ends what is under way, on the device too, so that nobody waits for it.</summary>
    public void Abort()
    {
        lock (gate)
        {
            if (handle == 0) return;
            library.CommAbort(handle);
            handle = 0;
        }
    }

    /// <summary>Waits for what has been started and closes the connections; all members do.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (handle == 0) return;
            var result = library.CommFinalize(handle);
            var start = Stopwatch.GetTimestamp();
            while (result is NcclLibrary.InProgress or NcclLibrary.Success)
            {
                int state;
                result = library.CommGetAsyncError(handle, &state);
                if (result == NcclLibrary.Success) result = state;
                if (result != NcclLibrary.InProgress || Stopwatch.GetElapsedTime(start) > CloseTime) break;
                Thread.Sleep(1);
            }
            if (result == NcclLibrary.Success) library.CommDestroy(handle);
            else library.CommAbort(handle);
            handle = 0;
        }
    }

    private nint Handle => handle != 0 ? handle : throw new ExchangeException("NCCL's communicator was aborted", new InvalidOperationException("It has no handle any more."));

    private int Issue(NcclBatch.Call call, nint communicator, nint stream) => call.Kind switch
    {
        NcclBatch.Kind.AllReduce => library.AllReduce(call.Input, call.Output, call.Count, call.Type, call.Argument, communicator, stream),
        NcclBatch.Kind.ReduceScatter => library.ReduceScatter(call.Input, call.Output, call.Count, call.Type, call.Argument, communicator, stream),
        NcclBatch.Kind.AllGather => library.AllGather(call.Input, call.Output, call.Count, call.Type, communicator, stream),
        NcclBatch.Kind.Broadcast => library.Broadcast(call.Input, call.Output, call.Count, call.Type, call.Argument, communicator, stream),
        NcclBatch.Kind.Send => library.Send(call.Input, call.Count, call.Type, call.Argument, communicator, stream),
        NcclBatch.Kind.Receive => library.Receive(call.Output, call.Count, call.Type, call.Argument, communicator, stream),
        _ => throw new UnreachableException(),
    };

    private void Check(string function, int result)
    {
        if (result is NcclLibrary.Success or NcclLibrary.InProgress) return;
        var text = $"{function}: {library.Describe(result, handle)}";
        throw new ExchangeException(text, new InvalidOperationException($"NCCL's result {result}."));
    }

    private sealed class Work(NcclCommunicator communicator) : IExchangeWork
    {
        public bool Wait(TimeSpan limit)
        {
            var start = Stopwatch.GetTimestamp();
            var spin = new SpinWait();
            while (IsUnderWay())
            {
                var elapsed = Stopwatch.GetElapsedTime(start);
                if (elapsed > limit) return false;
                if (elapsed < SpinTime) spin.SpinOnce(sleep1Threshold: -1);
                else Thread.Sleep(1);
            }
            return true;
        }

        public void Dispose()
        {
        }

        private bool IsUnderWay()
        {
            lock (communicator.gate)
            {
                int state;
                var result = communicator.library.CommGetAsyncError(communicator.Handle, &state);
                communicator.Check("ncclCommGetAsyncError", result);
                communicator.Check("NCCL", state);
                return state == NcclLibrary.InProgress;
            }
        }
    }
}
