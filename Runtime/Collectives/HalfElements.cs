namespace GShard;

/// <summary>f16 to f32 and back, rounding to nearest even.</summary>
internal static unsafe class HalfElements
{
    public static void Widen(Half* source, float* target, long count)
    {
        for (var i = 0L; i < count; i++) target[i] = (float)source[i];
    }

    public static void Narrow(float* source, Half* target, long count)
    {
        for (var i = 0L; i < count; i++) target[i] = (Half)source[i];
    }
}
