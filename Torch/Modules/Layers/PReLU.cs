using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>x where positive, else a trained slope times x, one for all or one for each channel (He et al. 2015).</summary>
    public sealed class PReLU : nn.Module<Tensor, Tensor>
    {
        internal PReLU(long num_parameters, double init, Device? device, ScalarType? dtype)
            : base(nameof(PReLU))
        {
            this.init = init;
            this.num_parameters = num_parameters;
            register_parameter(nameof(weight), new Parameter(full(num_parameters, init, dtype: dtype, device: device)));
        }

        public double init { get; }

        public long num_parameters { get; }

        public Parameter weight
        {
            get => Registered(nameof(weight))!;
            set => register_parameter(nameof(weight), value);
        }

        public override Tensor forward(Tensor tensor) => nn.functional.prelu(tensor, weight);

        public override string GetName() => nameof(PReLU);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static PReLU PReLU(long num_parameters, double init = 0.25, Device? device = null, ScalarType? dtype = null) =>
                new(num_parameters, init, device, dtype);
        }
    }
}
