namespace TorchSharp;

public static partial class torch
{
    // Exponentials, logarithms and the functions around them.
    public partial class Tensor
    {
        public Tensor digamma() => Aten.digamma.Call(this);
        public Tensor digamma_() => InPlace(Aten.digamma_, this);

        public Tensor erf() => Aten.erf.Call(this);
        public Tensor erf_() => InPlace(Aten.erf_, this);

        public Tensor erfc() => Aten.erfc.Call(this);
        public Tensor erfc_() => InPlace(Aten.erfc_, this);

        public Tensor erfinv() => Aten.erfinv.Call(this);
        public Tensor erfinv_() => InPlace(Aten.erfinv_, this);

        public Tensor exp() => Aten.exp.Call(this);

        public Tensor exp2() => Aten.exp2.Call(this);
        public Tensor exp2_() => InPlace(Aten.exp2_, this);

        public Tensor exp_() => InPlace(Aten.exp_, this);

        public Tensor expm1() => Aten.expm1.Call(this);
        public Tensor expm1_() => InPlace(Aten.expm1_, this);

        public Tensor i0() => Aten.i0.Call(this);
        public Tensor i0_() => InPlace(Aten.i0_, this);

        public Tensor igamma(Tensor other) => Aten.igamma.Call(this, other);

        public Tensor igammac(Tensor other) => Aten.igammac.Call(this, other);

        public Tensor lgamma() => Aten.lgamma.Call(this);
        public Tensor lgamma_() => InPlace(Aten.lgamma_, this);

        public Tensor log() => Aten.log.Call(this);

        public Tensor log10() => Aten.log10.Call(this);
        public Tensor log10_() => InPlace(Aten.log10_, this);

        public Tensor log1p() => Aten.log1p.Call(this);
        public Tensor log1p_() => InPlace(Aten.log1p_, this);

        public Tensor log2() => Aten.log2.Call(this);
        public Tensor log2_() => InPlace(Aten.log2_, this);

        public Tensor log_() => InPlace(Aten.log_, this);

        public Tensor logit(double? eps = null) => Aten.logit.Call(this, eps);
        public Tensor logit_(double? eps = null) => InPlace(Aten.logit_, this, eps);

        public Tensor mvlgamma(long p) => Aten.mvlgamma.Call(this, p);
        public Tensor mvlgamma_(long p) => InPlace(Aten.mvlgamma_, this, p);

        public Tensor polygamma(long p) => Aten.polygamma.Call(p, this);
        public Tensor polygamma_(long p) => InPlace(Aten.polygamma_, this, p);

        public Tensor sigmoid() => Aten.sigmoid.Call(this);
        public Tensor sigmoid_() => InPlace(Aten.sigmoid_, this);
    }
}
