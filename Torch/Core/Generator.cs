namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers with its own state.</summary>
    public class Generator : IDisposable
    {
        private IntPtr handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            handle = LibTorch.Check(LibTorch.ts_generator_new(seed, this.device.Bits));
        }

        private Generator(IntPtr handle)
        {
            device = CPU;
            this.handle = handle;
        }

        ~Generator() => Dispose(false);

        /// <summary>The CPU generator that operators use when none is given. All threads share it.</summary>
        public static Generator Default => new(LibTorch.ts_generator_default());

        public Device device { get; }

        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Generator manual_seed(long seed)
        {
            LibTorch.Check(LibTorch.ts_generator_set_seed(Handle, (ulong)seed));
            return this;
        }

        public long initial_seed() => (long)LibTorch.ts_generator_seed(Handle);

        /// <summary>Seeds from the operating system's source of randomness and returns the seed.</summary>
        public long seed()
        {
            long seed = Random.Shared.NextInt64();
            manual_seed(seed);
            return seed;
        }

        public Tensor get_state() => Tensor.Own(LibTorch.Check(LibTorch.ts_generator_state(Handle)));

        public void set_state(Tensor value)
        {
            LibTorch.Check(LibTorch.ts_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, IntPtr.Zero);
            if (released != IntPtr.Zero)
                LibTorch.ts_generator_release(released);
        }
    }

    /// <summary>Seeds the default generators of all devices.</summary>
    public static Generator manual_seed(long seed)
    {
        LibTorch.Check(LibTorch.ts_manual_seed((ulong)seed));
        return Generator.Default;
    }

    public static long initial_seed() => random.initial_seed();

    public static long seed() => random.seed();

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    public static class random
    {
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);

        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        public static long seed()
        {
            long seed = Random.Shared.NextInt64();
            torch.manual_seed(seed).Dispose();
            return seed;
        }

        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }
}
