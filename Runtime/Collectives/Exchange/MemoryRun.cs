namespace GShard;

/// <summary>A run of host memory.</summary>
internal readonly record struct MemoryRun(nint Pointer, long Bytes);
