namespace TorchSharp;

// Creation of filled tensors.
public static partial class torch
{
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.arange_start_step.Call(start, stop, step, dtype ?? CountingType(start, stop, step), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => arange(start, stop, 1, dtype, device, requires_grad);
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor bartlett_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.bartlett_window_periodic.Call(len, periodic, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor blackman_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.blackman_window_periodic.Call(len, periodic, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Filled(Aten.empty_memory_format, size, dtype, device, requires_grad, names);
    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty(size.ToArray(), dtype, device, requires_grad, names);
    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([size], dtype, device, requires_grad, names);
    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([rows, columns], dtype, device, requires_grad, names);
    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);
    public static Tensor empty(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([size], dtype, device, requires_grad, names);
    public static Tensor empty(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([rows, columns], dtype, device, requires_grad, names);
    public static Tensor empty(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor empty(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => empty([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Unnamed(names, input.empty_like(dtype, device, requires_grad));

    public static Tensor empty_strided(long[] size, long[] strides, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.empty_strided.Call(size, strides, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.eye_m.Call(rows, columns < 0 ? rows : columns, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.full.Call(size, value, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full(size.ToArray(), value, dtype, device, requires_grad, names);
    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([size], value, dtype, device, requires_grad, names);
    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([rows, columns], value, dtype, device, requires_grad, names);
    public static Tensor full(long dim0, long dim1, long dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([dim0, dim1, dim2], value, dtype, device, requires_grad, names);
    public static Tensor full(long dim0, long dim1, long dim2, long dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([dim0, dim1, dim2, dim3], value, dtype, device, requires_grad, names);
    public static Tensor full(int size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([size], value, dtype, device, requires_grad, names);
    public static Tensor full(int rows, int columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([rows, columns], value, dtype, device, requires_grad, names);
    public static Tensor full(int dim0, int dim1, int dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([dim0, dim1, dim2], value, dtype, device, requires_grad, names);
    public static Tensor full(int dim0, int dim1, int dim2, int dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => full([dim0, dim1, dim2, dim3], value, dtype, device, requires_grad, names);

    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Unnamed(names, input.full_like(value, dtype, device, requires_grad));

    public static Tensor hamming_window(long len, bool periodic = true, float alpha = 0.54f, float beta = 0.46f, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.hamming_window_periodic_alpha_beta.Call(len, periodic, alpha, beta, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor hann_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.hann_window_periodic.Call(len, periodic, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor kaiser_window(long len, bool periodic = true, float beta = 12f, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.kaiser_window_beta.Call(len, periodic, beta, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.linspace.Call(start, end, steps, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor logspace(double start, double end, long steps, double @base = 10, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Aten.logspace.Call(start, end, steps, @base, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad);

    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Filled(Aten.ones, size, dtype, device, requires_grad, names);
    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones(size.ToArray(), dtype, device, requires_grad, names);
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([size], dtype, device, requires_grad, names);
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([rows, columns], dtype, device, requires_grad, names);
    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);
    public static Tensor ones(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([size], dtype, device, requires_grad, names);
    public static Tensor ones(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([rows, columns], dtype, device, requires_grad, names);
    public static Tensor ones(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor ones(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => ones([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Unnamed(names, input.ones_like(dtype, device, requires_grad));

    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) =>
        Aten.tril_indices.Call(row, col, offset, dtype, Argument.None, InitializeDevice(device));

    public static Tensor triu_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) =>
        Aten.triu_indices.Call(row, col, offset, dtype, Argument.None, InitializeDevice(device));

    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Filled(Aten.zeros, size, dtype, device, requires_grad, names);
    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros(size.ToArray(), dtype, device, requires_grad, names);
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([size], dtype, device, requires_grad, names);
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([rows, columns], dtype, device, requires_grad, names);
    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);
    public static Tensor zeros(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([size], dtype, device, requires_grad, names);
    public static Tensor zeros(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([rows, columns], dtype, device, requires_grad, names);
    public static Tensor zeros(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([dim0, dim1, dim2], dtype, device, requires_grad, names);
    public static Tensor zeros(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => zeros([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Unnamed(names, input.zeros_like(dtype, device, requires_grad));
}
