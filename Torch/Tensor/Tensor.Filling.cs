namespace TorchSharp;

public static partial class torch
{
    // Overwriting in place.
    public partial class Tensor
    {
        public Tensor copy_(Tensor source, bool nonBlocking = false) => InPlace(Aten.copy_, this, source, nonBlocking);

        public Tensor fill_(Scalar value) => InPlace(Aten.fill__Scalar, this, value);

        public Tensor zero_() => InPlace(Aten.zero_, this);
    }
}
