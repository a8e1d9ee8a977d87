using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Long short-term memory (Hochreiter &amp; Schmidhuber 1997): [L, N, input] → [L, N, hidden · directions], and the last hidden and cell states [layers · directions, N, hidden].</summary>
    public sealed class LSTM : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)>
    {
        private static readonly NativeOperator s_lstm = new("aten::lstm", "input");

        private readonly RecurrentParameters _parameters;

        internal LSTM(long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype)
            : base(nameof(LSTM))
        {
            _parameters = new RecurrentParameters(this, 4, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        }

        public new (Tensor, Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);

        public override (Tensor, Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0 = null)
        {
            using var scope = NewDisposeScope();
            var (hidden, cell) = h0_c0 ?? (_parameters.Zeros(input), _parameters.Zeros(input));
            var (output, last, lastCell) = s_lstm.Call3(_parameters.Arguments(input, new[] { hidden, cell }));
            return (output.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope(), lastCell.MoveToOuterDisposeScope());
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
            public static LSTM LSTM(long inputSize, long hiddenSize, long numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        }
    }
}
