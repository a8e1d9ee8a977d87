using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>One step of gated recurrent units: [N, input] and the state [N, hidden] → the next state.</summary>
    public sealed class GRUCell : nn.Module<Tensor, Tensor, Tensor>
    {
        private static readonly NativeOperator s_cell = new("aten::gru_cell");

        private readonly long _hidden;

        internal GRUCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype)
            : base(nameof(GRUCell))
        {
            _hidden = hiddenSize;
            var bound = hiddenSize > 0 ? 1 / Math.Sqrt(hiddenSize) : 0;
            Parameter Drawn(params long[] shape)
            {
                var parameter = new Parameter(empty(shape, dtype: dtype, device: device));
                nn.init.uniform_(parameter, -bound, bound);
                return parameter;
            }

            weight_ih = Drawn(3 * hiddenSize, inputSize);
            weight_hh = Drawn(3 * hiddenSize, hiddenSize);
            if (!bias) return;
            bias_ih = Drawn(3 * hiddenSize);
            bias_hh = Drawn(3 * hiddenSize);
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

        public override Tensor forward(Tensor input, Tensor? h0 = null)
        {
            using var scope = NewDisposeScope();
            return s_cell.Call(input, h0 ?? zeros([input.shape[0], _hidden], input.dtype, input.device), weight_ih, weight_hh, bias_ih, bias_hh).MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static GRUCell GRUCell(long inputSize, long hiddenSize, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, bias, device, dtype);
        }
    }
}
