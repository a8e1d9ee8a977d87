namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a CPU tensor in place, in row-major order whatever its strides.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor tensor;
    private readonly long[] shape, strides;
    private readonly bool contiguous;
    private readonly T* first;

    internal TensorAccessor(Tensor tensor)
    {
        if (!tensor.is_cpu())
            throw new InvalidOperationException($"the elements of a tensor on '{tensor.device}' cannot be read in place: call cpu() first");
        if (sizeof(T) != tensor.ElementSize || !Reads(tensor.dtype))
            throw new ArgumentException($"the elements of a {tensor.dtype} tensor cannot be read as {typeof(T).Name}");
        this.tensor = tensor;
        shape = tensor.shape;
        strides = tensor.stride();
        contiguous = tensor.is_contiguous();
        first = (T*)Native.DataPointer(tensor);
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public T this[params long[] indices]
    {
        get => first[Offset(indices)];
        set => first[Offset(indices)] = value;
    }

    /// <summary>Whether elements of this type are stored as <typeparamref name="T"/>. Raw 16-bit patterns may be read as <see cref="ushort"/>.</summary>
    internal static bool Reads(ScalarType dtype) => dtype switch
    {
        ScalarType.Float16 => typeof(T) == typeof(Half) || typeof(T) == typeof(ushort),
        ScalarType.BFloat16 => typeof(T) == typeof(BFloat16) || typeof(T) == typeof(ushort),
        _ => ElementTypeOf(typeof(T)) == dtype,
    };

    /// <summary>The element at a row-major position.</summary>
    internal T At(long position)
    {
        if (position < 0 || position >= Count)
            throw new IndexOutOfRangeException($"element {position} of a tensor with {Count} elements");
        T value = *Address(position);
        GC.KeepAlive(tensor);
        return value;
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array.AsSpan());
        return array;
    }

    /// <summary>An array with the tensor's shape.</summary>
    public Array ToNDArray()
    {
        if (shape.Length == 0)
            return ToArray();
        var array = Array.CreateInstance(typeof(T), shape);
        CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length));
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var target = array[arrayIndex..];
        int count = checked((int)Math.Min(target.Length, Count - tensorIndex));
        if (contiguous)
        {
            new Span<T>(first + tensorIndex, count).CopyTo(target);
        }
        else
        {
            for (int i = 0; i < count; i++)
                target[i] = *Address(tensorIndex + i);
        }
        GC.KeepAlive(tensor);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var source = array[arrayIndex..];
        int count = checked((int)Math.Min(source.Length, Count - tensorIndex));
        if (contiguous)
        {
            source[..count].CopyTo(new Span<T>(first + tensorIndex, count));
        }
        else
        {
            for (int i = 0; i < count; i++)
                *Address(tensorIndex + i) = source[i];
        }
        GC.KeepAlive(tensor);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++)
            yield return At(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Does nothing: the tensor stays its owner's.</summary>
    public void Dispose()
    {
    }

    public override bool Equals(object? obj) => obj is TensorAccessor<T> other && Count == other.Count && this.SequenceEqual(other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(tensor);

    public static bool operator ==(TensorAccessor<T> left, TensorAccessor<T> right) => left.Equals(right);

    public static bool operator !=(TensorAccessor<T> left, TensorAccessor<T> right) => !left.Equals(right);

    private T* Address(long position)
    {
        if (contiguous)
            return first + position;
        long offset = 0;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            offset += position % shape[d] * strides[d];
            position /= shape[d];
        }
        return first + offset;
    }

    private long Offset(long[] indices)
    {
        if (indices.Length == 1 && shape.Length != 1)
        {
            if (indices[0] < 0 || indices[0] >= Count)
                throw new IndexOutOfRangeException($"element {indices[0]} of a tensor with {Count} elements");
            return Address(indices[0]) - first;
        }
        if (indices.Length != shape.Length)
            throw new ArgumentException($"{indices.Length} indices are given for a tensor of {shape.Length} dimensions");
        long offset = 0;
        for (int d = 0; d < indices.Length; d++)
        {
            if (indices[d] < 0 || indices[d] >= shape[d])
                throw new IndexOutOfRangeException($"index {indices[d]} is outside dimension {d} of size {shape[d]}");
            offset += indices[d] * strides[d];
        }
        return offset;
    }
}
