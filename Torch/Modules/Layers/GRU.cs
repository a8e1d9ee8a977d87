using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Gated recurrent units (Cho et al. 2014): [L, N, input] → [L, N, hidden · directions], and the last hidden states [layers · directions, N, hidden].</summary>
    public sealed class GRU : nn.Module<Tensor, Tensor, (Tensor, Tensor)>
    {
        private static readonly NativeOperator s_gru = new("aten::gru", "input");

        private readonly RecurrentParameters _parameters;

        internal GRU(long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype)
            : base(nameof(GRU))
        {
            _parameters = new RecurrentParameters(this, 3, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        }

        public new (Tensor, Tensor) call(Tensor input, Tensor h0 = null!) => base.call(input, h0!);

        public override (Tensor, Tensor) forward(Tensor input, Tensor h0 = null!)
        {
            using var scope = NewDisposeScope();
            var (output, last) = s_gru.Call2(_parameters.Arguments(input, h0 ?? _parameters.Zeros(input)));
            return (output.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope());
        }

        /// <summary>Has no effect: the parameters need no common memory here.</summary>
        public void flatten_parameters()
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
            public static GRU GRU(long inputSize, long hiddenSize, long numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, Device device = null!, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        }
    }
}
