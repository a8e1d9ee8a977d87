namespace TorchSharp;

public static partial class torch
{
    /// <summary>Threads that one operator of libtorch may use.</summary>
    public static int get_num_threads() => LibTorch.ts_threads();

    public static void set_num_threads(int num) => LibTorch.Check(LibTorch.ts_set_threads(num));

    public static int get_num_interop_threads() => LibTorch.ts_interop_threads();

    public static void set_num_interop_threads(int num) => LibTorch.Check(LibTorch.ts_set_interop_threads(num));
}
