using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module learns: it is registered among the module's parameters and wants a gradient.</summary>
    public class Parameter : Tensor
    {
        /// <summary>Takes over <paramref name="data"/>, whose handle is invalid afterwards.</summary>
        public Parameter(Tensor data, bool requires_grad = true)
            : base(Leaf(data).DecoupleFromNativeHandle())
        {
            this.requires_grad = requires_grad;
        }

        // A result of recorded operations cannot be a leaf; its values without the history can.
        private static Tensor Leaf(Tensor data)
        {
            ArgumentNullException.ThrowIfNull(data);
            return data.is_leaf ? data : data.detach();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
