using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements, in place; the tensor must lie on the CPU and hold <typeparamref name="T"/>.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged => new(this);

        /// <summary>The value of a tensor of one element.</summary>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1)
                throw new ArgumentException($"item() needs a tensor of one element, and this one has the shape [{string.Join(", ", shape)}]");
            if (!TensorAccessor<T>.Reads(dtype))
                throw new ArgumentException($"item<{typeof(T).Name}>() cannot read a {dtype} tensor: ask for its own type, or convert it first");
            using var host = cpu();
            return host.data<T>()[new long[Dimensions]];
        }

        public Scalar ToScalar() => Aten.item.CallScalar(this);

        /// <summary>The bytes of a contiguous CPU tensor, in place. Setting copies as many bytes as the tensor holds.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                if (!is_cpu() || !is_contiguous())
                    throw new InvalidOperationException($"the bytes of {this} cannot be seen in place: call cpu() or contiguous() first");
                return new Span<byte>(Native.DataPointer(this), checked((int)(NumberOfElements * ElementSize)));
            }
            set
            {
                long size = NumberOfElements * ElementSize;
                if (value.Length != size)
                    throw new ArgumentException($"{value.Length} bytes cannot fill {this}, which holds {size}");
                if (is_cpu() && is_contiguous())
                {
                    value.CopyTo(bytes);
                    return;
                }
                using var host = FromBytes(value, shape, dtype);
                using var _ = no_grad();
                copy_(host);
            }
        }

        public float ReadCpuSingle(long i) => Element<float>(i);
        public double ReadCpuDouble(long i) => Element<double>(i);
        public long ReadCpuInt64(long i) => Element<long>(i);
        public int ReadCpuInt32(long i) => Element<int>(i);
        public short ReadCpuInt16(long i) => Element<short>(i);
        public sbyte ReadCpuSByte(long i) => Element<sbyte>(i);
        public byte ReadCpuByte(long i) => Element<byte>(i);
        public bool ReadCpuBool(long i) => Element<bool>(i);
        public float ReadCpuFloat16(long i) => (float)Element<Half>(i);
        public float ReadCpuBFloat16(long i) => (float)Element<BFloat16>(i);
        public T ReadCpuValue<T>(long i) where T : unmanaged => Element<T>(i);

        internal static unsafe Tensor FromBytes(ReadOnlySpan<byte> data, ReadOnlySpan<long> shape, ScalarType dtype)
        {
            fixed (byte* bytes = data)
            fixed (long* sizes = shape)
                return Own(LibTorch.Check(LibTorch.ts_copy_from(bytes, data.Length, sizes, shape.Length, (int)dtype)));
        }

        private T Element<T>(long i) where T : unmanaged => data<T>().At(i);

        public static explicit operator float(Tensor value) => value.ToSingle();
        public static explicit operator double(Tensor value) => value.ToDouble();
        public static explicit operator long(Tensor value) => value.ToInt64();
        public static explicit operator int(Tensor value) => value.ToInt32();
        public static explicit operator short(Tensor value) => value.ToInt16();
        public static explicit operator sbyte(Tensor value) => value.ToSByte();
        public static explicit operator byte(Tensor value) => value.ToByte();
        public static explicit operator bool(Tensor value) => value.ToBoolean();
    }
}
