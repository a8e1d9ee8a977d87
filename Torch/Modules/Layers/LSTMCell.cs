using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>One step of long short-term memory: [N, input] and the states [N, hidden] → the next states.</summary>
    public sealed class LSTMCell : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor)>
    {
        private static readonly NativeOperator s_cell = new("aten::lstm_cell");

        private readonly long _hidden;

        internal LSTMCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype)
            : base(nameof(LSTMCell))
        {
            _hidden = hiddenSize;
            var bound = hiddenSize > 0 ? 1 / Math.Sqrt(hiddenSize) : 0;
            Parameter Drawn(params long[] shape)
            {
                var parameter = new Parameter(empty(shape, dtype: dtype, device: device));
                nn.init.uniform_(parameter, -bound, bound);
                return parameter;
            }

            weight_ih = Drawn(4 * hiddenSize, inputSize);
            weight_hh = Drawn(4 * hiddenSize, hiddenSize);
            if (!bias) return;
            bias_ih = Drawn(4 * hiddenSize);
            bias_hh = Drawn(4 * hiddenSize);
        }

        public Parameter? weight_ih
        {
            get => Registered(nameof(weight_ih));
            set => ConditionallyRegisterParameter(nameof(weight_ih), value);
        }

        public Parameter? weight_hh
        {
            get => Registered(nameof(weight_hh));
            set => ConditionallyRegisterParameter(nameof(weight_hh), value);
        }

        public Parameter? bias_ih
        {
            get => Registered(nameof(bias_ih));
            set => ConditionallyRegisterParameter(nameof(bias_ih), value);
        }

        public Parameter? bias_hh
        {
            get => Registered(nameof(bias_hh));
            set => ConditionallyRegisterParameter(nameof(bias_hh), value);
        }

        public new (Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);

        public override (Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0)
        {
            using var scope = NewDisposeScope();
            var (hidden, cell) = h0_c0 ?? (zeros([input.shape[0], _hidden], input.dtype, input.device), zeros([input.shape[0], _hidden], input.dtype, input.device));
            var (next, nextCell) = s_cell.Call2(input, new[] { hidden, cell }, weight_ih, weight_hh, bias_ih, bias_hh);
            return (next.MoveToOuterDisposeScope(), nextCell.MoveToOuterDisposeScope());
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static LSTMCell LSTMCell(long inputSize, long hiddenSize, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, bias, device, dtype);
        }
    }
}
