using System.Numerics;

namespace GShard;

/// <summary>
/// Box and Muller's transform of two uniform numbers to two normal ones, z₁ = √(−2 ln u)·cos(2πv) and z₂ = √(−2 ln u)·sin(2πv), in a fixed order of
/// multiplications, additions and square roots, each rounded by itself: the same bits on every processor, whatever its vectors. The polynomials are
/// those of Moshier's Cephes library for single precision.
/// </summary>
internal static class BoxMuller
{
    private const float Unit = 1f / (1 << 24);
    private const float SquareRootOfHalf = 0.70710678f;

    /// <summary>An eighth of a turn, in 24-bit fractions of a turn.</summary>
    private const int Eighth = 1 << 21;

    /// <summary>Two normal numbers of the upper 24 bits of two random words.</summary>
    public static void Transform(Vector<uint> radius, Vector<uint> angle, out Vector<float> first, out Vector<float> second)
    {
        // In (0, 1]: the logarithm is finite, and the largest number is 5.8 deviations.
        var u = Vector<float>.One - (Vector.ConvertToSingle(Vector.AsVectorInt32(radius >> 8)) * Unit);
        var length = Vector.SquareRoot(Logarithm(u) * -2f);
        SineAndCosine(Vector.AsVectorInt32(angle >> 8), out var sine, out var cosine);
        first = length * cosine;
        second = length * sine;
    }

    /// <summary>The natural logarithm of normal numbers above 0.</summary>
    private static Vector<float> Logarithm(Vector<float> x)
    {
        var bits = Vector.AsVectorInt32(x);
        var exponent = Vector.ConvertToSingle((bits >> 23) - new Vector<int>(126));
        var mantissa = Vector.AsVectorSingle((bits & new Vector<int>(0x007FFFFF)) | new Vector<int>(0x3F000000));
        var isSmall = Vector.LessThan(mantissa, new Vector<float>(SquareRootOfHalf));
        exponent -= Vector.ConditionalSelect(isSmall, Vector<float>.One, Vector<float>.Zero);
        var m = Vector.ConditionalSelect(isSmall, mantissa + mantissa, mantissa) - Vector<float>.One;
        var square = m * m;
        var y = new Vector<float>(7.0376836292e-2f);
        y = (y * m) + new Vector<float>(-1.1514610310e-1f);
        y = (y * m) + new Vector<float>(1.1676998740e-1f);
        y = (y * m) + new Vector<float>(-1.2420140846e-1f);
        y = (y * m) + new Vector<float>(1.4249322787e-1f);
        y = (y * m) + new Vector<float>(-1.6668057665e-1f);
        y = (y * m) + new Vector<float>(2.0000714765e-1f);
        y = (y * m) + new Vector<float>(-2.4999993993e-1f);
        y = (y * m) + new Vector<float>(3.3333331174e-1f);
        y = y * m * square;
        y = (y + (exponent * -2.12194440e-4f)) - (square * 0.5f);
        return m + y + (exponent * 0.693359375f);
    }

    /// <summary>Of an angle in 24-bit fractions of a turn, reduced exactly to an eighth of a turn either way.</summary>
    private static void SineAndCosine(Vector<int> angle, out Vector<float> sine, out Vector<float> cosine)
    {
        var quarter = (angle + new Vector<int>(Eighth)) >> 22;
        var x = Vector.ConvertToSingle(angle - (quarter << 22)) * (MathF.Tau * Unit);
        var square = x * x;
        var s = new Vector<float>(-1.9515295891e-4f);
        s = (s * square) + new Vector<float>(8.3321608736e-3f);
        s = (s * square) + new Vector<float>(-1.6666654611e-1f);
        s = (s * square * x) + x;
        var c = new Vector<float>(2.443315711809948e-5f);
        c = (c * square) + new Vector<float>(-1.388731625493765e-3f);
        c = (c * square) + new Vector<float>(4.166664568298827e-2f);
        c = (c * square * square) - (square * 0.5f) + Vector<float>.One;
        var isOdd = Vector.Equals(quarter & Vector<int>.One, Vector<int>.One);
        // The second and third quarter have a negative cosine, the third and fourth a negative sine.
        sine = Negated(Vector.ConditionalSelect(isOdd, c, s), quarter);
        cosine = Negated(Vector.ConditionalSelect(isOdd, s, c), quarter + Vector<int>.One);
    }

    private static Vector<float> Negated(Vector<float> x, Vector<int> quarter) => Vector.AsVectorSingle(Vector.AsVectorInt32(x) ^ ((quarter & new Vector<int>(2)) << 30));
}
