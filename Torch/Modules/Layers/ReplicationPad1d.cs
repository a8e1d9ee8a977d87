using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Pads the last dim by the edges, the last dim first.</summary>
    public sealed class ReplicationPad1d : PadBase
    {
        internal ReplicationPad1d(params long[] padding)
            : base(nameof(ReplicationPad1d), PaddingModes.Replicate, 0, padding)
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
            public static ReplicationPad1d ReplicationPad1d(long padding) => new(padding, padding);

            public static ReplicationPad1d ReplicationPad1d((long, long) padding) =>
                new(padding.Item1, padding.Item2);
        }
    }
}
