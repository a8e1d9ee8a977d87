namespace GShard.Torch;

/// <summary>
/// Threads inside operators. libtorch and OpenBLAS each have a pool, and both spin: with both above one thread, a busy neighbour makes
/// small operators up to 180 times slower.
/// </summary>
public static class NativeThreads
{
    /// <summary>Threads that one OpenBLAS call uses; 0 where the BLAS is not OpenBLAS, and then setting has no effect.</summary>
    public static int Blas
    {
        get => LibTorch.ts_blas_threads();
        set => LibTorch.ts_set_blas_threads(value);
    }

    /// <summary>
    /// Chooses the settings for this many ranks in the process: several run one thread each, one gives OpenBLAS all cores.
    /// Call it before the ranks' threads start: a thread takes the setting over at its first operator.
    /// </summary>
    public static void ConfigureForRanks(int ranks)
    {
        torch.set_num_threads(1);
        Blas = ranks > 1 ? 1 : Environment.ProcessorCount;
    }
}
