namespace TorchSharp;

// Random numbers.
public static partial class torch
{
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);

    public static Tensor binomial(Tensor count, Tensor probs, Generator? generator = null) => count.binomial(probs, generator);

    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) => input.multinomial(num_samples, replacement, generator);

    public static Tensor normal(Tensor mean, Tensor std, Generator? generator = null) => Aten.normal_Tensor_Tensor.Call(mean, std, generator);

    public static Tensor normal(double mean, double std, ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.normal_float_float.Call(mean, std, size.ToArray(), generator, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor poisson(Tensor input, Generator? generator = null) => input.poisson(generator);

    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.rand_generator.Call(size, generator, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor rand(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand(size.ToArray(), dtype, device, requires_grad, generator, names);
    public static Tensor rand(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([size], dtype, device, requires_grad, generator, names);
    public static Tensor rand(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor rand(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([dim0, dim1, dim2], dtype, device, requires_grad, generator, names);
    public static Tensor rand(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator, names);
    public static Tensor rand(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([size], dtype, device, requires_grad, generator, names);
    public static Tensor rand(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor rand(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([dim0, dim1, dim2], dtype, device, requires_grad, generator, names);
    public static Tensor rand(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => rand([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator, names);

    public static double rand_float(Generator? generator = null)
    {
        using var number = rand(Array.Empty<long>(), float64, generator: generator);
        return number.item<double>();
    }

    public static Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.randint_low_generator.Call(low, high, size, generator, dtype ?? ScalarType.Int64, Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randint(0, high, size, dtype, device, requires_grad, generator, names);
    public static Tensor randint(long low, long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randint(low, high, size.Shape, dtype, device, requires_grad, generator, names);
    public static Tensor randint(long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randint(0, high, size.Shape, dtype, device, requires_grad, generator, names);

    public static Tensor randint(int low, int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(low, high, Array.ConvertAll(size, static s => (long)s), dtype, device, requires_grad, generator, names);

    public static Tensor randint(int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randint(0, high, size, dtype, device, requires_grad, generator, names);

    public static bool randint_bool(Generator? generator = null) => randint_long(2, generator) != 0;

    public static int randint_int(int low, int high, Generator? generator = null) => (int)randint_long(low, high, generator);
    public static int randint_int(int high, Generator? generator = null) => randint_int(0, high, generator);

    public static long randint_long(long low, long high, Generator? generator = null)
    {
        using var number = randint(low, high, Array.Empty<long>(), generator: generator);
        return number.item<long>();
    }

    public static long randint_long(long high, Generator? generator = null) => randint_long(0, high, generator);

    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Unnamed(names, Leaf(Aten.randn_generator.Call(size, generator, dtype ?? get_default_dtype(), Argument.None, InitializeDevice(device)), requires_grad));

    public static Tensor randn(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn(size.ToArray(), dtype, device, requires_grad, generator, names);
    public static Tensor randn(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([size], dtype, device, requires_grad, generator, names);
    public static Tensor randn(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor randn(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([dim0, dim1, dim2], dtype, device, requires_grad, generator, names);
    public static Tensor randn(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator, names);
    public static Tensor randn(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([size], dtype, device, requires_grad, generator, names);
    public static Tensor randn(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([rows, columns], dtype, device, requires_grad, generator, names);
    public static Tensor randn(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([dim0, dim1, dim2], dtype, device, requires_grad, generator, names);
    public static Tensor randn(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) => randn([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator, names);

    public static double randn_float(Generator? generator = null)
    {
        using var number = randn(Array.Empty<long>(), float64, generator: generator);
        return number.item<double>();
    }

    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Leaf(Aten.randperm_generator.Call(n, generator, dtype ?? ScalarType.Int64, Argument.None, InitializeDevice(device)), requires_grad);
}
