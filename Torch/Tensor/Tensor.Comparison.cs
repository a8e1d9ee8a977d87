namespace TorchSharp;

public static partial class torch
{
    // Comparisons and tests.
    public partial class Tensor
    {
        public bool allclose(Tensor target, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false) => Aten.allclose.CallScalar(this, target, rtol, atol, equal_nan).ToBoolean();

        public Tensor eq(Scalar target) => Aten.eq_Scalar.Call(this, target);
        public Tensor eq(Tensor target) => Aten.eq_Tensor.Call(this, target);
        public Tensor eq_(Scalar target) => InPlace(Aten.eq__Scalar, this, target);
        public Tensor eq_(Tensor target) => InPlace(Aten.eq__Tensor, this, target);

        public Tensor equal(Tensor target) => eq(target);

        public Tensor ge(Scalar target) => Aten.ge_Scalar.Call(this, target);
        public Tensor ge(Tensor target) => Aten.ge_Tensor.Call(this, target);
        public Tensor ge_(Scalar target) => InPlace(Aten.ge__Scalar, this, target);
        public Tensor ge_(Tensor target) => InPlace(Aten.ge__Tensor, this, target);

        public Tensor greater(Tensor target) => Aten.greater_Tensor.Call(this, target);

        public Tensor greater_equal(Tensor target) => Aten.greater_equal_Tensor.Call(this, target);

        public Tensor gt(Scalar target) => Aten.gt_Scalar.Call(this, target);
        public Tensor gt(Tensor target) => Aten.gt_Tensor.Call(this, target);
        public Tensor gt_(Scalar target) => InPlace(Aten.gt__Scalar, this, target);
        public Tensor gt_(Tensor target) => InPlace(Aten.gt__Tensor, this, target);

        public Tensor isclose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool nanEqual = false) => Aten.isclose.Call(this, other, rtol, atol, nanEqual);

        public Tensor isfinite() => Aten.isfinite.Call(this);

        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) => Aten.isin_Tensor_Tensor.Call(this, test_elements, assumeUnique, invert);

        public Tensor isinf() => Aten.isinf.Call(this);

        public Tensor isnan() => Aten.isnan.Call(this);

        public Tensor isneginf() => Aten.isneginf.Call(this);

        public Tensor isposinf() => Aten.isposinf.Call(this);

        public Tensor isreal() => Aten.isreal.Call(this);

        public Tensor le(Scalar target) => Aten.le_Scalar.Call(this, target);
        public Tensor le(Tensor target) => Aten.le_Tensor.Call(this, target);
        public Tensor le_(Scalar target) => InPlace(Aten.le__Scalar, this, target);
        public Tensor le_(Tensor target) => InPlace(Aten.le__Tensor, this, target);

        public Tensor less(Tensor target) => Aten.less_Tensor.Call(this, target);

        public Tensor less_equal(Tensor target) => Aten.less_equal_Tensor.Call(this, target);
        public Tensor less_equal_(Tensor target) => InPlace(Aten.less_equal__Tensor, this, target);

        public Tensor lt(Scalar target) => Aten.lt_Scalar.Call(this, target);
        public Tensor lt(Tensor target) => Aten.lt_Tensor.Call(this, target);
        public Tensor lt_(Scalar target) => InPlace(Aten.lt__Scalar, this, target);
        public Tensor lt_(Tensor target) => InPlace(Aten.lt__Tensor, this, target);

        public Tensor ne(Scalar target) => Aten.ne_Scalar.Call(this, target);
        public Tensor ne(Tensor target) => Aten.ne_Tensor.Call(this, target);
        public Tensor ne_(Scalar target) => InPlace(Aten.ne__Scalar, this, target);
        public Tensor ne_(Tensor target) => InPlace(Aten.ne__Tensor, this, target);

        public Tensor not_equal(Tensor target) => Aten.not_equal_Tensor.Call(this, target);
        public Tensor not_equal_(Tensor target) => InPlace(Aten.not_equal__Tensor, this, target);
    }
}
