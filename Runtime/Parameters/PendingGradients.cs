using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Exchanges of gradients that go on beside this thread's backward. What comes of them is added to the gradients at its end, in the order in
/// which they were started, or before anything else is added to the same parameter's: the sums have the bits of exchanges that are waited for.
/// </summary>
internal static class PendingGradients
{
    /// <summary>What the operands under way may take together, unless one alone takes more: as much as a backward that is ahead of its exchanges may keep.</summary>
    private const long LimitBytes = 128 << 20;

    [ThreadStatic]
    private static int depth;

    [ThreadStatic]
    private static long bytes;

    [ThreadStatic]
    private static Queue<Pending>? pending;

    /// <summary>Begins a backward.</summary>
    public static void Enter() => depth++;

    /// <summary>Ends a backward. Where it is the outermost and has not been completed, an exception ends it: what was started comes to nothing.</summary>
    public static void Leave()
    {
        if (--depth > 0) return;
        while (pending?.TryDequeue(out var exchange) == true) exchange.Sums.ContinueWith(Drop, TaskScheduler.Default);
        bytes = 0;
    }

    /// <summary>Waits, in the outermost backward, for all exchanges.</summary>
    public static void Complete()
    {
        if (depth > 1) return;
        while (pending is { Count: > 0 }) FinishFirst();
    }

    /// <summary>Waits for the exchange that a parameter is in, if there is one, and for those before it.</summary>
    public static void Finish(Parameter parameter)
    {
        while (pending is { Count: > 0 } && pending.Any(exchange => exchange.Parameters.Contains(parameter, ReferenceEqualityComparer.Instance))) FinishFirst();
    }

    /// <summary>Exchanges gradients, beside the backward where there is one and they are large.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="parameters">The parameters that they belong to, none of which is in another exchange.</param>
    /// <param name="parts">This rank's parts of the sums, which are disposed.</param>
    /// <param name="collective">Exchanges them.</param>
    /// <param name="add">Takes over what comes of them and adds it to the gradients.</param>
    public static void Exchange(MeshAxis axis, Parameter[] parameters, Tensor[] parts, Func<CollectiveGroup, Tensor[], Tensor[]> collective, Action<Tensor[]> add)
    {
        var size = parts.Sum(part => part.numel() * ElementType.Size(part.dtype));
        if (depth == 0 || !axis.Overlaps(size))
        {
            var sums = axis.Run(parts, collective);
            foreach (var part in parts) part.Dispose();
            add(sums);
            return;
        }

        pending ??= [];
        while (pending.Count > 0 && (pending.Peek().Sums.IsCompleted || bytes + size > LimitBytes)) FinishFirst();
        pending.Enqueue(new Pending(parameters, axis.Start(parts, collective), add, size));
        bytes += size;
        foreach (var part in parts) part.Dispose();
    }

    private static void FinishFirst()
    {
        var exchange = pending!.Dequeue();
        bytes -= exchange.Bytes;
        exchange.Add(exchange.Sums.GetAwaiter().GetResult());
    }

    private static void Drop(Task<Tensor[]> sums)
    {
        // The failure of an exchange that nobody waits for is a consequence of another, which is told.
        if (sums.Exception is not null) return;
        foreach (var sum in sums.Result) sum.Dispose();
    }

    private sealed record Pending(Parameter[] Parameters, Task<Tensor[]> Sums, Action<Tensor[]> Add, long Bytes);
}
