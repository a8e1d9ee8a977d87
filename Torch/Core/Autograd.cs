namespace TorchSharp;

public static partial class torch
{
    public static unsafe class autograd
    {
        /// <summary>Accumulates the gradients of <paramref name="tensors"/> into the leaves' <c>grad</c>, or only into those of <paramref name="inputs"/>.</summary>
        public static void backward(IList<Tensor> tensors, IList<Tensor> grad_tensors = null!, bool? retain_graph = null, bool create_graph = false, IList<Tensor> inputs = null!)
        {
            CheckSeeds(tensors, grad_tensors);
            fixed (IntPtr* roots = Handles(tensors), seeds = Handles(grad_tensors), leaves = Handles(inputs))
            {
                LibTorch.Check(LibTorch.ts_backward(roots, seeds, tensors.Count, retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, leaves, inputs?.Count ?? 0));
            }
            GC.KeepAlive((tensors, grad_tensors, inputs));
        }

        public static void backward(Tensor tensor, IList<Tensor> grad_tensors = null!, bool? retain_graph = null, bool create_graph = false, IList<Tensor> inputs = null!) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor> inputs = null!) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>The gradients of <paramref name="outputs"/> with respect to <paramref name="inputs"/>; null for one that is unused where that is allowed.</summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor> grad_outputs = null!, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            CheckSeeds(outputs, grad_outputs);
            var results = new IntPtr[inputs.Count];
            fixed (IntPtr* roots = Handles(outputs), seeds = Handles(grad_outputs), leaves = Handles(inputs), gradients = results)
            {
                LibTorch.Check(LibTorch.ts_gradients(roots, seeds, outputs.Count, leaves, inputs.Count, retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, gradients));
            }
            GC.KeepAlive((outputs, inputs, grad_outputs));
            return Array.ConvertAll(results, static handle => handle == IntPtr.Zero ? null! : Tensor.Own(handle));
        }

        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);

        public static AnomalyMode set_detect_anomaly(bool mode, bool check_nan = true) => new(mode, check_nan);

        private static IntPtr[]? Handles(IList<Tensor>? tensors) => tensors is null ? null : [.. tensors.Select(static t => t?.Handle ?? IntPtr.Zero)];

        private static void CheckSeeds(IList<Tensor> roots, IList<Tensor>? seeds)
        {
            if (seeds is not null && seeds.Count != roots.Count)
                throw new ArgumentException($"{roots.Count} tensors are differentiated and {seeds.Count} gradients are given; give one for each, or none");
        }
    }
}
