namespace TorchSharp;

// What the creation functions share.
public static partial class torch
{
    private static ScalarType defaultType = ScalarType.Float32;

    /// <summary>The element type of new floating-point tensors that name none.</summary>
    public static ScalarType get_default_dtype() => defaultType;

    public static void set_default_dtype(ScalarType dtype) => defaultType = is_floating_point(dtype)
        ? dtype
        : throw new ArgumentException($"the default element type must be floating-point, and {dtype} is not", nameof(dtype));

    private static Tensor Filled(NativeOperator op, long[] size, ScalarType? dtype, Device? device, bool requires_grad, string[]? names) =>
        Unnamed(names, Leaf(op.Call(size, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    private static ScalarType CountingType(Scalar start, Scalar stop, Scalar step) =>
        is_integral(start.Type) && is_integral(stop.Type) && is_integral(step.Type) ? ScalarType.Int64 : get_default_dtype();

    private static Tensor Leaf(Tensor tensor, bool requires_grad)
    {
        if (requires_grad)
            tensor.requires_grad = true;
        return tensor;
    }

    private static Tensor Unnamed(string[]? names, Tensor tensor) => names is null
        ? tensor
        : throw new NotSupportedException("tensors with named dimensions are not supported: leave 'names' out");

    private static Tensor Literal(Scalar value, ScalarType dtype, Device? device, bool requires_grad) =>
        Leaf(Aten.scalar_tensor.Call(value, dtype, Argument.None, InitializeDevice(device)), requires_grad);

    private static Tensor Literal<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requires_grad, string[]? names) where T : unmanaged
    {
        var own = ElementTypeOf(typeof(T));
        var target = InitializeDevice(device);
        var tensor = Tensor.FromBytes(MemoryMarshal.AsBytes(data), shape, own);
        if ((dtype ?? own) != own || target.type != DeviceType.CPU)
            tensor = tensor.to(dtype ?? own, target, disposeAfter: true);
        return Unnamed(names, Leaf(tensor, requires_grad));
    }

    private static T[] Elements<T>(IList<T> list) => list as T[] ?? [.. list];

    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        LiteralArray(rawArray, dtype, device, requires_grad, names);

    private static unsafe Tensor LiteralArray(Array array, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        var own = ElementTypeOf(array.GetType().GetElementType()!);
        var target = InitializeDevice(device);
        long bytes = array.LongLength * own.ElementSize();
        var data = MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), checked((int)bytes));
        long[] shape = [.. Enumerable.Range(0, array.Rank).Select(array.GetLongLength)];
        var tensor = Tensor.FromBytes(data, shape, own);
        if ((dtype ?? own) != own || target.type != DeviceType.CPU)
            tensor = tensor.to(dtype ?? own, target, disposeAfter: true);
        return Unnamed(names, Leaf(tensor, requires_grad));
    }

    /// <summary>A tensor over the memory of a one-dimensional array, which stays pinned until the last view of it is gone.</summary>
    public static unsafe Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        var own = ElementTypeOf(rawArray.GetType().GetElementType()!);
        long length = count < 0 ? rawArray.LongLength - offset : count;
        if (rawArray.Rank != 1 || offset < 0 || offset + length > rawArray.LongLength)
            throw new ArgumentException($"{length} elements from element {offset} on do not lie in a one-dimensional array of {rawArray.LongLength}");
        var pin = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        byte* data = (byte*)pin.AddrOfPinnedObject() + (offset * own.ElementSize());
        var tensor = Native.Wrap(data, [length], own, &Unpin, GCHandle.ToIntPtr(pin));
        return Leaf(dtype == own ? tensor : tensor.to_type(dtype, disposeAfter: true), requires_grad);
    }

    [UnmanagedCallersOnly]
    private static void Unpin(IntPtr handle) => GCHandle.FromIntPtr(handle).Free();
}
