namespace TorchSharp;

public static partial class torch
{
    // Bitwise and logical operators.
    public partial class Tensor
    {
        public Tensor bitwise_and(Tensor other) => Aten.bitwise_and_Tensor.Call(this, other);
        public Tensor bitwise_and_(Tensor other) => InPlace(Aten.bitwise_and__Tensor, this, other);

        public Tensor bitwise_left_shift(Tensor other) => Aten.bitwise_left_shift_Tensor.Call(this, other);
        public Tensor bitwise_left_shift_(Tensor other) => InPlace(Aten.bitwise_left_shift__Tensor, this, other);

        public Tensor bitwise_not() => Aten.bitwise_not.Call(this);
        public Tensor bitwise_not_() => InPlace(Aten.bitwise_not_, this);

        public Tensor bitwise_or(Tensor other) => Aten.bitwise_or_Tensor.Call(this, other);
        public Tensor bitwise_or_(Tensor other) => InPlace(Aten.bitwise_or__Tensor, this, other);

        public Tensor bitwise_right_shift(Tensor other) => Aten.bitwise_right_shift_Tensor.Call(this, other);
        public Tensor bitwise_right_shift_(Tensor other) => InPlace(Aten.bitwise_right_shift__Tensor, this, other);

        public Tensor bitwise_xor(Tensor other) => Aten.bitwise_xor_Tensor.Call(this, other);
        public Tensor bitwise_xor_(Tensor other) => InPlace(Aten.bitwise_xor__Tensor, this, other);

        public Tensor logical_and(Tensor other) => Aten.logical_and.Call(this, other);
        public Tensor logical_and_(Tensor other) => InPlace(Aten.logical_and_, this, other);

        public Tensor logical_not() => Aten.logical_not.Call(this);
        public Tensor logical_not_() => InPlace(Aten.logical_not_, this);

        public Tensor logical_or(Tensor other) => Aten.logical_or.Call(this, other);
        public Tensor logical_or_(Tensor other) => InPlace(Aten.logical_or_, this, other);

        public Tensor logical_xor(Tensor other) => Aten.logical_xor.Call(this, other);
        public Tensor logical_xor_(Tensor other) => InPlace(Aten.logical_xor_, this, other);
    }
}
