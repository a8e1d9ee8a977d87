using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Kind = GShard.InitialValues.Distribution;

namespace GShard;

/// <summary>
/// Parameters whose first values are drawn by counter (<see cref="CounterRandom"/>): the same on any number of ranks, in any process that has the
/// same seed and makes them in the same order. A parameter on the <c>meta</c> device keeps only how it is drawn; <c>Shard</c> then draws
/// this rank's part, and no rank ever holds the whole.
/// <code>
/// [Split(0, "expert"), Shape("E M H")] private readonly Parameter wi = Initialize.XavierUniform([E, M, H], device: torch.META);
/// </code>
/// </summary>
/// <remarks>
/// The forms with a parameter give it new initial values, a submodule's weight for instance; <see cref="Module"/> does so for all of a module that
/// are torch's own. Values drawn are those of torch's distributions, not torch's values.
/// </remarks>
public static class Initialize
{
    /// <summary>A parameter of normal numbers.</summary>
    /// <param name="shape">Its whole shape.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="std">The standard deviation.</param>
    /// <param name="dtype">f32, f64 or bf16; torch's default type if left out.</param>
    /// <param name="device">Its device; <c>torch.META</c> for one that only <c>Shard</c> is to draw.</param>
    public static Parameter Normal(long[] shape, double mean = 0, double std = 1, ScalarType? dtype = null, Device? device = null) =>
        Normal(Empty(shape, dtype, device), mean, std);

    /// <summary>Gives a parameter normal numbers.</summary>
    public static Parameter Normal(Parameter parameter, double mean = 0, double std = 1) => Attach(parameter, Kind.Normal, mean, NotNegative(std));

    /// <summary>A parameter of normal numbers that lie within two standard deviations of the mean.</summary>
    public static Parameter TruncatedNormal(long[] shape, double mean = 0, double std = 1, ScalarType? dtype = null, Device? device = null) =>
        TruncatedNormal(Empty(shape, dtype, device), mean, std);

    /// <summary>Gives a parameter normal numbers that lie within two standard deviations of the mean.</summary>
    public static Parameter TruncatedNormal(Parameter parameter, double mean = 0, double std = 1) => Attach(parameter, Kind.TruncatedNormal, mean, NotNegative(std));

    /// <summary>A parameter of uniform numbers from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public static Parameter Uniform(long[] shape, double low = 0, double high = 1, ScalarType? dtype = null, Device? device = null) =>
        Uniform(Empty(shape, dtype, device), low, high);

    /// <summary>Gives a parameter uniform numbers from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public static Parameter Uniform(Parameter parameter, double low = 0, double high = 1) => high >= low
        ? Attach(parameter, Kind.Uniform, low, high)
        : throw new ArgumentException($"Uniform numbers are drawn from a lower to a higher bound, but {low} and {high} were given.", nameof(high));

    /// <summary>A parameter of one value.</summary>
    public static Parameter Constant(long[] shape, double value, ScalarType? dtype = null, Device? device = null) => Constant(Empty(shape, dtype, device), value);

    /// <summary>Gives a parameter one value.</summary>
    public static Parameter Constant(Parameter parameter, double value) => Attach(parameter, Kind.Constant, value, 0);

    /// <summary>
    /// A parameter of uniform numbers whose variance keeps that of activations and of gradients (Glorot and Bengio, 2010).
    /// </summary>
    /// <param name="shape">Its whole shape: of three dims <c>[E, in, out]</c> a stack of E weights <c>[in, out]</c>, of two dims <c>[out, in]</c> as torch has it, of more <c>[out, in, kernel…]</c>.</param>
    /// <param name="gain">A factor on the standard deviation.</param>
    /// <param name="fan">The numbers of inputs of one output and of outputs of one input, where the shape does not say.</param>
    /// <param name="dtype">f32, f64 or bf16; torch's default type if left out.</param>
    /// <param name="device">Its device; <c>torch.META</c> for one that only <c>Shard</c> is to draw.</param>
    public static Parameter XavierUniform(long[] shape, double gain = 1, (long In, long Out)? fan = null, ScalarType? dtype = null, Device? device = null) =>
        XavierUniform(Empty(shape, dtype, device), gain, fan ?? FanOfStack(shape));

    /// <summary>Gives a parameter uniform numbers after Glorot and Bengio; fans as torch counts them in its shape, unless given.</summary>
    public static Parameter XavierUniform(Parameter parameter, double gain = 1, (long In, long Out)? fan = null)
    {
        var (fanIn, fanOut) = Fan(parameter, fan);
        var bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
        return Uniform(parameter, -bound, bound);
    }

    /// <summary>A parameter of normal numbers after Glorot and Bengio, as <see cref="XavierUniform(long[], double, ValueTuple{long, long}?, ScalarType?, Device?)"/> of uniform ones.</summary>
    public static Parameter XavierNormal(long[] shape, double gain = 1, (long In, long Out)? fan = null, ScalarType? dtype = null, Device? device = null) =>
        XavierNormal(Empty(shape, dtype, device), gain, fan ?? FanOfStack(shape));

    /// <summary>Gives a parameter normal numbers after Glorot and Bengio; fans as torch counts them in its shape, unless given.</summary>
    public static Parameter XavierNormal(Parameter parameter, double gain = 1, (long In, long Out)? fan = null)
    {
        var (fanIn, fanOut) = Fan(parameter, fan);
        return Normal(parameter, 0, gain * Math.Sqrt(2.0 / (fanIn + fanOut)));
    }

    /// <summary>A parameter of uniform numbers whose variance keeps that of activations through rectifiers (He et al., 2015).</summary>
    /// <param name="shape">Its whole shape, as for <see cref="XavierUniform(long[], double, ValueTuple{long, long}?, ScalarType?, Device?)"/>.</param>
    /// <param name="a">The slope of the rectifier's negative side: 0 for ReLU, √5 for torch's linear layers.</param>
    /// <param name="fan">The numbers of inputs of one output and of outputs of one input, where the shape does not say.</param>
    /// <param name="dtype">f32, f64 or bf16; torch's default type if left out.</param>
    /// <param name="device">Its device; <c>torch.META</c> for one that only <c>Shard</c> is to draw.</param>
    public static Parameter KaimingUniform(long[] shape, double a = 0, (long In, long Out)? fan = null, ScalarType? dtype = null, Device? device = null) =>
        KaimingUniform(Empty(shape, dtype, device), a, fan ?? FanOfStack(shape));

    /// <summary>Gives a parameter uniform numbers after He et al.; fans as torch counts them in its shape, unless given.</summary>
    public static Parameter KaimingUniform(Parameter parameter, double a = 0, (long In, long Out)? fan = null)
    {
        var bound = Math.Sqrt(6 / ((1 + (a * a)) * Fan(parameter, fan).In));
        return Uniform(parameter, -bound, bound);
    }

    /// <summary>A parameter of normal numbers after He et al., as <see cref="KaimingUniform(long[], double, ValueTuple{long, long}?, ScalarType?, Device?)"/> of uniform ones.</summary>
    public static Parameter KaimingNormal(long[] shape, double a = 0, (long In, long Out)? fan = null, ScalarType? dtype = null, Device? device = null) =>
        KaimingNormal(Empty(shape, dtype, device), a, fan ?? FanOfStack(shape));

    /// <summary>Gives a parameter normal numbers after He et al.; fans as torch counts them in its shape, unless given.</summary>
    public static Parameter KaimingNormal(Parameter parameter, double a = 0, (long In, long Out)? fan = null) =>
        Normal(parameter, 0, Math.Sqrt(2 / ((1 + (a * a)) * Fan(parameter, fan).In)));

    /// <summary>
    /// Gives the parameters of torch's own layers in a module, itself or below it, the distributions that torch gives them: for a model built on
    /// the <c>meta</c> device. Parameters that have initial values by this class keep them.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <returns>The module.</returns>
    public static T Module<T>(T module)
        where T : nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        foreach (var layer in module.modules().Prepend(module)) LayerDefaults.Apply(layer);
        return module;
    }

    private static Parameter Empty(long[] shape, ScalarType? dtype, Device? device)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new Parameter(empty(shape, dtype: dtype, device: device));
    }

    private static Parameter Attach(Parameter parameter, Kind kind, double first, double second)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        new InitialValues(kind, first, second, CounterRandom.NextInitial()).Attach(parameter);
        return parameter;
    }

    private static double NotNegative(double std) =>
        std >= 0 ? std : throw new ArgumentOutOfRangeException(nameof(std), $"A standard deviation is not negative, but {std} was given.");

    private static (long In, long Out)? FanOfStack(long[] shape) => shape.Length == 3 ? (shape[1], shape[2]) : null;

    private static (long In, long Out) Fan(Parameter parameter, (long In, long Out)? given)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (given is { } fan) return fan;
        var shape = parameter.shape;
        if (shape.Length < 2) throw new ArgumentException($"How many inputs an output has is not to be seen in the shape [{string.Join(", ", shape)}]; give 'fan'.", nameof(parameter));
        return init.CalculateFanInAndFanOut(parameter);
    }
}
