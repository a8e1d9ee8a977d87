using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Random numbers by counter: an element's number is a function of the seed, the step, the micro-batch, the operator's ordinal in the step
/// and the element's row-major index in the whole tensor. So a tensor is the same on any number of ranks, replicas agree, shards differ, and a
/// step can be replayed. The state is per thread; a rank is a thread.
/// </summary>
public static class CounterRandom
{
    private const long InitialStep = -1;

    [ThreadStatic]
    private static RandomState state;

    /// <summary>Sets this thread's seed and begins step 0.</summary>
    public static void Seed(long seed) => state = new RandomState { Seed = seed };

    /// <summary>Begins a step: the next random operator has ordinal 0.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="microBatch">The micro-batch within the step.</param>
    public static void BeginStep(long step, int microBatch = 0) => state = new RandomState { Seed = state.Seed, Step = step, MicroBatch = microBatch, Initialised = state.Initialised };

    /// <summary>The key of the next random operator of this step. Plain and sharded programs call their random operators in the same order.</summary>
    public static RandomKey Next() => new(state.Seed, state.Step, state.MicroBatch, state.Ordinal++);

    /// <summary>The key of the next parameter's first values: no step has such a one.</summary>
    internal static RandomKey NextInitial() => new(state.Seed, InitialStep, 0, state.Initialised++);

    /// <summary>
    /// Uniform numbers in [0, 1) for a box of a whole tensor; a number has 24 random bits in f32 and f64, the same in both, and 8 in bf16.
    /// </summary>
    /// <param name="key">The operator's key.</param>
    /// <param name="localShape">The box's shape, which is the result's.</param>
    /// <param name="globalShape">The whole tensor's shape.</param>
    /// <param name="offsets">The box's first index in the whole tensor.</param>
    /// <param name="dtype">f32, f64 or bf16.</param>
    /// <param name="device">Where the result is put.</param>
    /// <exception cref="ArgumentException">The box does not lie in the whole tensor.</exception>
    public static Tensor Uniform(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, ScalarType dtype, Device device) =>
        UniformBox.Fill(key, localShape, globalShape, offsets, dtype, device, new UniformBox.Fraction(dtype));

    /// <summary>The multipliers of dropout for a box of a whole tensor: 0 with probability p, else <c>1 / (1 − p)</c>, decided alike for every element type.</summary>
    /// <param name="key">The operator's key.</param>
    /// <param name="localShape">The box's shape, which is the result's.</param>
    /// <param name="globalShape">The whole tensor's shape.</param>
    /// <param name="offsets">The box's first index in the whole tensor.</param>
    /// <param name="p">The probability of a zero, in [0, 1].</param>
    /// <param name="dtype">f32, f64 or bf16.</param>
    /// <param name="device">Where the result is put.</param>
    /// <exception cref="ArgumentException">The box does not lie in the whole tensor, or p is no probability.</exception>
    public static Tensor DropoutMask(RandomKey key, long[] localShape, long[] globalShape, long[] offsets, double p, ScalarType dtype, Device device)
    {
        if (p is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(p), $"A dropout probability lies in [0, 1], but {p} was given.");
        return UniformBox.Fill(key, localShape, globalShape, offsets, dtype, device, new UniformBox.Dropout(p));
    }

    /// <summary>What a new rank starts from: this thread's seed, step and micro-batch, before the step's first random operator.</summary>
    internal static RandomState Inherited() => state with { Ordinal = 0 };

    /// <summary>Where this thread stands.</summary>
    internal static RandomState Current => state;

    internal static void Inherit(RandomState inherited) => state = inherited;
}
