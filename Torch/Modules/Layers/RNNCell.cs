using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>One step of a plain recurrent network: [N, input] and the state [N, hidden] → the next state.</summary>
    public sealed class RNNCell : nn.Module<Tensor, Tensor, Tensor>
    {
        private static readonly NativeOperator s_tanh = new("aten::rnn_tanh_cell");
        private static readonly NativeOperator s_relu = new("aten::rnn_relu_cell");

        private readonly NativeOperator _operator;
        private readonly long _hidden;

        internal RNNCell(long inputSize, long hiddenSize, nn.NonLinearities nonLinearity, bool bias, Device? device, ScalarType? dtype)
            : base(nameof(RNNCell))
        {
            _operator = nonLinearity == nn.NonLinearities.Tanh ? s_tanh : s_relu;
            _hidden = hiddenSize;
            var bound = hiddenSize > 0 ? 1 / Math.Sqrt(hiddenSize) : 0;
            Parameter Drawn(params long[] shape)
            {
                var parameter = new Parameter(empty(shape, dtype: dtype, device: device));
                nn.init.uniform_(parameter, -bound, bound);
                return parameter;
            }

            weight_ih = Drawn(hiddenSize, inputSize);
            weight_hh = Drawn(hiddenSize, hiddenSize);
            if (!bias) return;
            bias_ih = Drawn(hiddenSize);
            bias_hh = Drawn(hiddenSize);
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
            return _operator.Call(input, h0 ?? zeros([input.shape[0], _hidden], input.dtype, input.device), weight_ih, weight_hh, bias_ih, bias_hh).MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static RNNCell RNNCell(long inputSize, long hiddenSize, NonLinearities nonLinearity = NonLinearities.Tanh, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, nonLinearity, bias, device, dtype);
        }
    }
}
