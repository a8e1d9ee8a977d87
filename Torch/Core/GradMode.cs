namespace TorchSharp;

public static partial class torch
{
    /// <summary>Until disposed, operators on this thread record no gradients. Never hold it across an await.</summary>
    public static IDisposable no_grad() => new GradModeScope(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradModeScope(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradModeScope(mode);

    public static bool is_grad_enabled() => LibTorch.ts_grad_mode() != 0;

    /// <summary>As <see cref="no_grad"/>, and tensors made inside can never take part in autograd.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceModeScope(mode);

    public static bool is_inference_mode_enabled() => LibTorch.ts_inference_mode() != 0;

    private sealed class GradModeScope : IDisposable
    {
        private readonly bool before = is_grad_enabled();

        internal GradModeScope(bool enabled) => LibTorch.ts_set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => LibTorch.ts_set_grad_mode(before ? 1 : 0);
    }

    private sealed class InferenceModeScope(bool enabled) : IDisposable
    {
        private IntPtr guard = LibTorch.ts_inference_begin(enabled ? 1 : 0);

        public void Dispose()
        {
            if (guard != IntPtr.Zero)
                LibTorch.ts_inference_end(guard);
            guard = IntPtr.Zero;
        }
    }
}
