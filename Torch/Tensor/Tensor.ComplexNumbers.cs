namespace TorchSharp;

public static partial class torch
{
    // Complex numbers.
    public partial class Tensor
    {
        public Tensor conj() => Aten.conj.Call(this);

        public Tensor conj_physical() => Aten.conj_physical.Call(this);
        public Tensor conj_physical_() => InPlace(Aten.conj_physical_, this);

        public Tensor imag => Aten.imag.Call(this);

        public bool is_conj() => Aten.is_conj.CallScalar(this).ToBoolean();

        public bool is_neg() => Aten.is_neg.CallScalar(this).ToBoolean();

        public Tensor real => Aten.real.Call(this);

        public Tensor resolve_conj() => Aten.resolve_conj.Call(this);

        public Tensor resolve_neg() => Aten.resolve_neg.Call(this);

        public Tensor view_as_complex() => Aten.view_as_complex.Call(this);

        public Tensor view_as_real() => Aten.view_as_real.Call(this);
    }
}
