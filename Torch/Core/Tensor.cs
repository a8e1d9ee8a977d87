namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A handle to a libtorch tensor. Every operator returns a fresh handle and in-place operators return this one; a view keeps the memory
    /// it looks into alive. Dispose handles early: the finalizer is only a net.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private static long total, peak;

        private IntPtr handle;

        internal Tensor(IntPtr handle)
        {
            this.handle = handle;
            OwningScope = DisposeScopeManager.Current.Register(this);
            long count = Interlocked.Increment(ref total);
            if (count > peak)
                peak = count;
            TensorMemory.Watch();
        }

        ~Tensor() => Dispose(false);

        /// <summary>Handles that are neither disposed nor finalized.</summary>
        public static long TotalCount => Interlocked.Read(ref total);

        /// <summary>About the highest <see cref="TotalCount"/> so far.</summary>
        public static long PeakCount => Interlocked.Read(ref peak);

        internal DisposeScope? OwningScope { get; set; }

        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(Tensor), "this tensor has been disposed");

        public bool IsInvalid => handle == IntPtr.Zero;

        /// <summary>Wraps a native handle and takes over its reference.</summary>
        internal static Tensor Own(IntPtr handle) => new(handle);

        public static Tensor UnsafeCreateTensor(IntPtr handle) => new(handle);

        /// <summary>A second reference to the same libtorch tensor, for a managed subclass to own.</summary>
        internal static IntPtr Share(Tensor tensor)
        {
            var shared = LibTorch.ts_retain(tensor.Handle);
            GC.KeepAlive(tensor);
            return shared;
        }

        /// <summary>Gives up the native handle, whose reference is now the caller's.</summary>
        public IntPtr DecoupleFromNativeHandle()
        {
            var native = Handle;
            LeaveScope();
            handle = IntPtr.Zero;
            Interlocked.Decrement(ref total);
            GC.SuppressFinalize(this);
            return native;
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, IntPtr.Zero);
            if (released == IntPtr.Zero)
                return;
            if (disposing)
                LeaveScope();
            LibTorch.ts_release(released);
            Interlocked.Decrement(ref total);
        }

        private void LeaveScope()
        {
            if (OwningScope is null)
                DisposeScopeManager.Current.Counts.DisposedOutsideScopeCount++;
            OwningScope?.MarkAsDisposed(this);
            OwningScope = null;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningScope?.MoveToOuter(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningScope is not null)
                OwningScope.MoveToOther(other, this);
            else
                other?.Attach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningScope);

        public bool Equals(Tensor target) => ReferenceEquals(this, target);

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
    }
}
