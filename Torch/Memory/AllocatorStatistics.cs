namespace GShard.Torch;

/// <summary>Counters of the CPU tensor allocator.</summary>
/// <param name="LiveBytes">Bytes in blocks that tensors use.</param>
/// <param name="PeakBytes">The highest <paramref name="LiveBytes"/> since the last reset.</param>
/// <param name="CachedBytes">Bytes in blocks kept for reuse.</param>
/// <param name="SystemAllocations">Blocks taken from the system.</param>
/// <param name="CacheHits">Blocks handed out again.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct AllocatorStatistics(long LiveBytes, long PeakBytes, long CachedBytes, long SystemAllocations, long CacheHits);
