using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>x₁ᵀ·W·x₂ + b: [*, in1_features], [*, in2_features] → [*, out_features]. The weight is [out_features, in1_features, in2_features].</summary>
    public sealed class Bilinear : nn.Module<Tensor, Tensor, Tensor>
    {
        internal Bilinear(long in1_features, long in2_features, long out_features, bool hasBias, Device? device, ScalarType? dtype)
            : base(nameof(Bilinear))
        {
            this.in1_features = in1_features;
            this.in2_features = in2_features;
            this.out_features = out_features;
            var bound = 1 / Math.Sqrt(in1_features);
            weight = new Parameter(empty(out_features, in1_features, in2_features, dtype: dtype, device: device));
            nn.init.uniform_(weight, -bound, bound);
            if (!hasBias) return;
            bias = new Parameter(empty(out_features, dtype: dtype, device: device));
            nn.init.uniform_(bias, -bound, bound);
        }

        public long in1_features { get; set; }

        public long in2_features { get; set; }

        public long out_features { get; set; }

        public Parameter weight
        {
            get => Registered(nameof(weight))!;
            set => ConditionallyRegisterParameter(nameof(weight), value);
        }

        public Parameter? bias
        {
            get => Registered(nameof(bias));
            set => ConditionallyRegisterParameter(nameof(bias), value);
        }

        public override Tensor forward(Tensor input1, Tensor input2) => nn.functional.bilinear(input1, input2, weight, bias);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Bilinear Bilinear(long in1_features, long in2_features, long out_features, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in1_features, in2_features, out_features, hasBias, device, dtype);
        }
    }
}
