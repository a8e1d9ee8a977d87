using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Functions of windows that are made of pools and powers, and dropouts that keep mean and variance.</summary>
internal sealed partial class MethodReader
{
    /// <summary>The p-norm of each window: the root of the mean of powers times the window's size.</summary>
    private Reading ReadPowerPool(string name, Value x, Func<string, Reading?> given, SyntaxNode at)
    {
        var spatial = name[name.Length - 2] - '0';
        if (given("norm_type") is not HostReading norm || given("kernel_size") is not { } kernel || Sizes(kernel, at) is not { } sizes) return Unknown();
        Reading? Window(string key) => key is "kernel_size" or "stride" or "ceil_mode" ? given(key) : null;
        var powers = Scalar(at, "pow_scalar", x, norm.Code);
        if (powers is null || ReadPool($"avg_pool{spatial}d", powers, Window, at) is not TensorReading { Value: var means }) return Unknown();
        // As torch has it, sign(x)·relu(|x|), whose gradient at 0 is 0.
        var positive = One(at, "mul", Attributes.None, One(at, "sign", Attributes.None, means), One(at, "relu", Attributes.None, One(at, "abs", Attributes.None, means)));
        var count = sizes.Length == 1 ? Dim.Product(Enumerable.Repeat(sizes[0], spatial)) : Dim.Product(sizes);
        return Result(Scalar(at, "pow_scalar", Scalar(at, "mul_scalar", positive, CodeOf(count)), $"1.0 / {norm.In(Binding.Unary)}"));
    }

    /// <summary>x by a power of the mean square over neighbouring channels: a pool whose windows lie along the channels.</summary>
    private Reading ReadLocalResponseNorm(Value x, Func<string, Reading?> given, SyntaxNode at)
    {
        var rank = x.Tensor.Rank;
        if (rank is < 3 or > 5) return Refuse("GSH1001", at, $"'local_response_norm' takes [N, C, and 1 to 3 dims more], but '{x.Name}' has {rank} dims.");
        if (given("size") is not HostReading { Size.Value: { } size }) return Refuse("GSH4005", at, "The argument 'size' of 'local_response_norm' must be a constant; write the number itself.");
        if (given("alpha") is not HostReading alpha || given("beta") is not HostReading beta || given("k") is not HostReading k) return Unknown();
        Value? squares = One(at, "square", Attributes.None, x);
        // Of three dims behind the channels two are one: pools have three at the most.
        if (rank == 5) squares = One(at, "reshape", Attributes.None.With("shape", [.. x.Tensor.Dims.Take(3), x.Tensor.Dims[3] * x.Tensor.Dims[4]]), squares);
        if (squares is null) return Unknown();
        var behind = squares.Tensor.Rank - 2;
        var pads = Enumerable.Repeat(Dim.Zero, 2 * behind).Append(size / 2).Append((size - 1) / 2);
        var padded = One(at, "pad", Attributes.None.With("pad", pads).WithHost("value", "0"), One(at, "unsqueeze", Attributes.None.With("dim", 1), squares));
        var ones = Enumerable.Repeat(Dim.One, behind).ToList();
        var means = One(at, "squeeze", Attributes.None.With("dim", 1), One(at, $"avg_pool{behind + 1}d", Attributes.None.With("kernel_size", ones.Prepend(size)).With("stride", ones.Prepend(Dim.One)), padded));
        if (rank == 5) means = One(at, "reshape", Attributes.None.With("shape", x.Tensor.Dims), means);
        return Result(One(at, "div", Attributes.None, x, Scalar(at, "pow_scalar", Scalar(at, "add_scalar", Scalar(at, "mul_scalar", means, alpha.Code), k.Code), beta.Code)));
    }

    /// <summary>
    /// x where kept, the least value of a SELU (-1.758…) where not, scaled and moved so that mean 0 and variance 1 stay (Klambauer et al. 2017,
    /// section 3): what is kept is drawn by our dropout of ones.
    /// </summary>
    private Reading ReadAlphaDropout(Value x, Argument p, Argument training, bool ofChannels, SyntaxNode at)
    {
        const string least = "-1.7580993408473766";
        if (training.Reading is HostReading { Truth: false }) return new TensorReading(x);
        if (p.Reading is not HostReading probability || training.Reading is not HostReading isTraining) return Unknown();
        var (chance, inTraining) = (probability.In(Binding.Unary), isTraining.Truth == true ? null : isTraining.In(Binding.Unary));
        string Else(string code, string otherwise) => inTraining is null ? code : $"{inTraining} ? {code} : {otherwise}";
        var shape = x.Tensor.Dims.Select((d, i) => ofChannels && i > 1 ? Dim.One : d);
        var ones = One(at, "ones", Attributes.Named(x.Tensor.Element.Text()).With("shape", shape));
        if (ones is null || ReadDropout(ones, p, training, at, isOurs: false) is not TensorReading { Value: var drawn }) return Unknown();
        var scale = $"1.0 / Math.Sqrt((1 - {chance}) * (1 + 3.090913292200269 * {chance}))";
        var kept = Scalar(at, "mul_scalar", drawn, Else($"1.0 - {chance}", "1.0"));
        var dropped = Scalar(at, "mul_scalar", Scalar(at, "rsub_scalar", kept, "1"), least);
        var mixed = One(at, "add", Attributes.None, One(at, "mul", Attributes.None, x, kept), dropped);
        var centred = Scalar(at, "sub_scalar", mixed, Else($"{least} * {chance}", "0.0"));
        return Result(Scalar(at, "mul_scalar", centred, Else(scale, "1.0")));
    }
}
