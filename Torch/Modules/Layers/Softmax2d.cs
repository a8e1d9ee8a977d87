using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>The softmax over the channels of [N, C, H, W], at each place.</summary>
    public sealed class Softmax2d : ParameterLessModule<Tensor, Tensor>
    {
        internal Softmax2d()
            : base(nameof(Softmax2d))
        {
        }

        public override Tensor forward(Tensor tensor) => nn.functional.softmax(tensor, -3);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Softmax2d Softmax2d() => new();
        }
    }
}
