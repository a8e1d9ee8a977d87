namespace GShard.Torch;

/// <summary>What GShard.Torch offers beyond TorchSharp's API: any operator by its schema name, and the memory behind a tensor.</summary>
public static unsafe class Native
{
    /// <summary>An operator by schema name and overload, as in <c>Operator("aten::native_layer_norm")</c>. Keep it in a static field.</summary>
    public static NativeOperator Operator(string name, string overload = "") => new(name, overload);

    /// <summary>
    /// Address of the tensor's first element, the storage offset included; null for an empty tensor.
    /// The elements lie at the tensor's strides. Keep the tensor alive while the address is in use.
    /// </summary>
    public static void* DataPointer(Tensor tensor)
    {
        void* data = LibTorch.ts_data(tensor.Handle);
        GC.KeepAlive(tensor);
        return data;
    }

    /// <summary>
    /// A CPU tensor of the given shape over memory that stays the caller's. The memory must outlive the tensor and its views;
    /// <paramref name="release"/> is called with <paramref name="context"/> when the last of them is gone.
    /// </summary>
    public static Tensor Wrap(void* data, ReadOnlySpan<long> shape, ScalarType dtype, delegate* unmanaged<IntPtr, void> release = null, IntPtr context = default)
    {
        fixed (long* sizes = shape)
            return Tensor.Own(LibTorch.Check(LibTorch.ts_wrap(data, sizes, shape.Length, (int)dtype, release, context)));
    }

    /// <summary>The version of libtorch that was compiled against, such as <c>1.13.1</c>.</summary>
    public static string Version => Marshal.PtrToStringUTF8((nint)LibTorch.ts_version())!;
}
