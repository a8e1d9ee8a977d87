using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Pads the last dim by their reflection at the edges, the last dim first.</summary>
    public sealed class ReflectionPad1d : PadBase
    {
        internal ReflectionPad1d(params long[] padding)
            : base(nameof(ReflectionPad1d), PaddingModes.Reflect, 0, padding)
        {
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ReflectionPad1d ReflectionPad1d(long padding) => new(padding, padding);

            public static ReflectionPad1d ReflectionPad1d((long, long) padding) =>
                new(padding.Item1, padding.Item2);
        }
    }
}
