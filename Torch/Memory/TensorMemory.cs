namespace GShard.Torch;

/// <summary>
/// The CPU memory of tensors: a caching allocator (blocks of 64 KiB and more are kept and handed out again), its counters, and the
/// limit above which unreachable tensors are collected. The garbage collector sees only the small managed objects, so without the
/// limit a loop that never disposes its tensors would fill the memory before the first collection.
/// </summary>
public static unsafe class TensorMemory
{
    private static long collectAbove = DefaultCollectAbove();
    private static long threshold = collectAbove;
    private static int collecting;

    /// <summary>Counters of the allocator.</summary>
    public static AllocatorStatistics Statistics
    {
        get
        {
            AllocatorStatistics statistics;
            LibTorch.ts_allocator_statistics(&statistics);
            return statistics;
        }
    }

    /// <summary>Bytes in blocks that tensors use.</summary>
    public static long LiveBytes => Volatile.Read(ref *LibTorch.LiveBytes);

    /// <summary>Starts <see cref="AllocatorStatistics.PeakBytes"/> anew from the bytes that are live.</summary>
    public static void ResetPeak() => LibTorch.ts_allocator_reset_peak();

    /// <summary>Gives the blocks kept for reuse back to the system; returns their bytes.</summary>
    public static long Trim() => LibTorch.ts_allocator_trim();

    /// <summary>At most this many bytes are kept for reuse; 4 GiB unless set.</summary>
    public static long CacheLimit
    {
        get => LibTorch.ts_allocator_cache_limit();
        set => LibTorch.ts_allocator_set_cache_limit(value);
    }

    /// <summary>
    /// Live bytes above which a new tensor starts a garbage collection, so that tensors nobody disposed are released: an eighth of
    /// the memory of the machine unless set. After a collection that frees little the next waits until the live bytes have doubled.
    /// </summary>
    public static long CollectAbove
    {
        get => collectAbove;
        set
        {
            collectAbove = value;
            Volatile.Write(ref threshold, value);
        }
    }

    /// <summary>Called for every new tensor.</summary>
    internal static void Watch()
    {
        if (*LibTorch.LiveBytes > threshold)
            Collect();
    }

    private static void Collect()
    {
        if (Interlocked.Exchange(ref collecting, 1) != 0)
            return;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Volatile.Write(ref threshold, Math.Max(collectAbove, 2 * LiveBytes));
        Volatile.Write(ref collecting, 0);
    }

    private static long DefaultCollectAbove() => Math.Max(512L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
}
