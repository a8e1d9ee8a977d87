namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public ScalarType dtype => (ScalarType)Read(LibTorch.ts_dtype(Handle));

        public Device device => Device.FromBits(Read(LibTorch.ts_device(Handle)));

        public DeviceType device_type => device.type;

        public int device_index => device.index;

        public long Dimensions => Read(LibTorch.ts_ndim(Handle));

        public long ndim => Dimensions;

        public long dim() => Dimensions;

        public long NumberOfElements => Read(LibTorch.ts_numel(Handle));

        public long numel() => NumberOfElements;

        public long ElementSize => Read(LibTorch.ts_element_size(Handle));

        public long element_size() => ElementSize;

        public unsafe long[] shape
        {
            get
            {
                var sizes = new long[Dimensions];
                fixed (long* p = sizes)
                    LibTorch.ts_sizes(Handle, p);
                GC.KeepAlive(this);
                return sizes;
            }
        }

        public long[] size() => shape;

        public long size(int dim) => Read(LibTorch.ts_size(Handle, Wrap(dim)));

        public unsafe long[] stride()
        {
            var strides = new long[Dimensions];
            fixed (long* p = strides)
                LibTorch.Check(LibTorch.ts_strides(Handle, p));
            GC.KeepAlive(this);
            return strides;
        }

        public long stride(int dim) => stride()[Wrap(dim)];

        public long storage_offset() => Read(LibTorch.ts_storage_offset(Handle));

        public bool is_contiguous() => Read(LibTorch.ts_is_contiguous(Handle)) != 0;

        public bool is_sparse => Read(LibTorch.ts_is_sparse(Handle)) != 0;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public bool is_quantized() => torch.is_quantized(dtype);

        /// <summary>Whether a tensor of one element is not zero.</summary>
        public bool is_nonzero() => ToScalar().ToBoolean();

        private int Wrap(int dim)
        {
            long rank = Dimensions;
            return dim >= -rank && dim < rank
                ? (int)(dim < 0 ? dim + rank : dim)
                : throw new ArgumentOutOfRangeException(nameof(dim), $"dimension {dim} is outside a tensor of {rank} dimensions");
        }

        // The getters pass a bare handle; the tensor must not be finalized before they have read it.
        private T Read<T>(T value)
        {
            GC.KeepAlive(this);
            return value;
        }
    }

    public static long numel(Tensor input) => input.NumberOfElements;

    public static bool is_tensor(object obj) => obj is Tensor;
}
