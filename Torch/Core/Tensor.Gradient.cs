namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Read(LibTorch.ts_requires_grad(Handle)) != 0;
            set => LibTorch.Check(Read(LibTorch.ts_set_requires_grad(Handle, value ? 1 : 0)));
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public bool is_leaf => Read(LibTorch.ts_is_leaf(Handle)) != 0;

        /// <summary>The accumulated gradient, as a fresh handle at every read; null where there is none.</summary>
        public Tensor? grad
        {
            get
            {
                var gradient = Read(LibTorch.ts_grad(Handle));
                return gradient == IntPtr.Zero ? null : Own(gradient);
            }
            set
            {
                LibTorch.Check(Read(LibTorch.ts_set_grad(Handle, value?.Handle ?? IntPtr.Zero)));
                GC.KeepAlive(value);
            }
        }

        public void retain_grad() => LibTorch.Check(Read(LibTorch.ts_retain_grad(Handle)));

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors!, retain_graph, create_graph, inputs!);
    }
}
