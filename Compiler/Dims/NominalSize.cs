namespace GShard.Compiler.Dims;

/// <summary>
/// The size at which choices are made where the true one is known at run time only, so that the compiled text depends on no run-time size.
/// </summary>
public static class NominalSize
{
    /// <summary>What every symbol counts as.</summary>
    public const long OfSymbol = 1024;

    /// <summary>The size with every symbol at <see cref="OfSymbol"/>, at least 1.</summary>
    public static long Of(Dim size) => Math.Max(1, size.Value ?? size.Evaluate(_ => OfSymbol));
}
