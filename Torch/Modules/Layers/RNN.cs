using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>A plain recurrent network (Elman 1990): [L, N, input] → [L, N, hidden · directions], and the last hidden states [layers · directions, N, hidden].</summary>
    public sealed class RNN : nn.Module<Tensor, Tensor, (Tensor, Tensor)>
    {
        private static readonly NativeOperator s_tanh = new("aten::rnn_tanh", "input");
        private static readonly NativeOperator s_relu = new("aten::rnn_relu", "input");

        private readonly NativeOperator _operator;
        private readonly RecurrentParameters _parameters;

        internal RNN(long inputSize, long hiddenSize, long numLayers, nn.NonLinearities nonLinearity, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype)
            : base(nameof(RNN))
        {
            _operator = nonLinearity == nn.NonLinearities.Tanh ? s_tanh : s_relu;
            _parameters = new RecurrentParameters(this, 1, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        }

        public new (Tensor, Tensor) call(Tensor input, Tensor? h0 = null) => base.call(input, h0!);

        public override (Tensor, Tensor) forward(Tensor input, Tensor? h0)
        {
            using var scope = NewDisposeScope();
            var (output, last) = _operator.Call2(_parameters.Arguments(input, h0 ?? _parameters.Zeros(input)));
            return (output.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope());
        }

        public Parameter? get_bias_ih(long idx) => _parameters.Of("bias_ih", idx);

        public Parameter? get_bias_hh(long idx) => _parameters.Of("bias_hh", idx);

        public Parameter? get_weight_ih(long idx) => _parameters.Of("weight_ih", idx);

        public Parameter? get_weight_hh(long idx) => _parameters.Of("weight_hh", idx);

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
            public static RNN RNN(long inputSize, long hiddenSize, long numLayers = 1, NonLinearities nonLinearity = NonLinearities.Tanh, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, hiddenSize, numLayers, nonLinearity, bias, batchFirst, dropout, bidirectional, device, dtype);
        }
    }
}
