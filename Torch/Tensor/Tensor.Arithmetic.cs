namespace TorchSharp;

public static partial class torch
{
    // Element-wise arithmetic.
    public partial class Tensor
    {
        public Tensor abs() => Aten.abs.Call(this);
        public Tensor abs_() => InPlace(Aten.abs_, this);

        public Tensor absolute() => Aten.absolute.Call(this);
        public Tensor absolute_() => InPlace(Aten.absolute_, this);

        public Tensor add(Scalar scalar) => Aten.add_Scalar.Call(this, scalar);
        public Tensor add(Scalar scalar, Scalar alpha) => Aten.add_Scalar.Call(this, scalar, alpha);
        public Tensor add(Tensor target) => Aten.add_Tensor.Call(this, target);
        public Tensor add(Tensor target, Scalar alpha) => Aten.add_Tensor.Call(this, target, alpha);
        public Tensor add_(Scalar scalar) => InPlace(Aten.add__Scalar, this, scalar);
        public Tensor add_(Scalar scalar, Scalar alpha) => InPlace(Aten.add__Scalar, this, scalar, alpha);
        public Tensor add_(Tensor target) => InPlace(Aten.add__Tensor, this, target);
        public Tensor add_(Tensor target, Scalar alpha) => InPlace(Aten.add__Tensor, this, target, alpha);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.addcdiv.Call(this, tensor1, tensor2);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcdiv.Call(this, tensor1, tensor2, value);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => InPlace(Aten.addcdiv_, this, tensor1, tensor2);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace(Aten.addcdiv_, this, tensor1, tensor2, value);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcmul.Call(this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace(Aten.addcmul_, this, tensor1, tensor2, value);

        public Tensor ceil() => Aten.ceil.Call(this);
        public Tensor ceil_() => InPlace(Aten.ceil_, this);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor.Call(this, min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => InPlace(Aten.clamp_, this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => InPlace(Aten.clamp__Tensor, this, min, max);

        public Tensor clamp_max(Scalar max) => Aten.clamp_max.Call(this, max);
        public Tensor clamp_max_(Scalar max) => InPlace(Aten.clamp_max_, this, max);

        public Tensor clamp_min(Scalar min) => Aten.clamp_min.Call(this, min);
        public Tensor clamp_min_(Scalar min) => InPlace(Aten.clamp_min_, this, min);

        public Tensor clip(Scalar? min = null, Scalar? max = null) => Aten.clip.Call(this, min, max);

        public Tensor copysign(Tensor other) => Aten.copysign_Tensor.Call(this, other);
        public Tensor copysign_(Tensor other) => InPlace(Aten.copysign__Tensor, this, other);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => Aten.div_Tensor_mode.Call(this, target, Mode(rounding_mode));
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => Aten.div_Scalar_mode.Call(this, target, Mode(rounding_mode));
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => InPlace(Aten.div__Tensor_mode, this, target, Mode(rounding_mode));
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => InPlace(Aten.div__Scalar_mode, this, target, Mode(rounding_mode));

        public Tensor divide(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);
        public Tensor divide(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);
        public Tensor divide_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);
        public Tensor divide_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);

        public Tensor fix() => Aten.fix.Call(this);
        public Tensor fix_() => InPlace(Aten.fix_, this);

        public Tensor float_power(Tensor target) => Aten.float_power_Tensor_Tensor.Call(this, target);
        public Tensor float_power_(Tensor target) => InPlace(Aten.float_power__Tensor, this, target);

        public Tensor floor() => Aten.floor.Call(this);
        public Tensor floor_() => InPlace(Aten.floor_, this);

        public Tensor floor_divide(Scalar other) => Aten.floor_divide_Scalar.Call(this, other);
        public Tensor floor_divide(Tensor other) => Aten.floor_divide.Call(this, other);
        public Tensor floor_divide_(Scalar other) => InPlace(Aten.floor_divide__Scalar, this, other);
        public Tensor floor_divide_(Tensor other) => InPlace(Aten.floor_divide__Tensor, this, other);

        public Tensor fmax(Tensor other) => Aten.fmax.Call(this, other);

        public Tensor fmin(Tensor other) => Aten.fmin.Call(this, other);

        public Tensor fmod(Scalar scalar) => Aten.fmod_Scalar.Call(this, scalar);
        public Tensor fmod(Tensor target) => Aten.fmod_Tensor.Call(this, target);
        public Tensor fmod_(Scalar scalar) => InPlace(Aten.fmod__Scalar, this, scalar);
        public Tensor fmod_(Tensor target) => InPlace(Aten.fmod__Tensor, this, target);

        public Tensor frac() => Aten.frac.Call(this);
        public Tensor frac_() => InPlace(Aten.frac_, this);

        public (Tensor Mantissa, Tensor Exponent) frexp() => Aten.frexp_Tensor.Call2(this);

        public Tensor gcd(Tensor other) => Aten.gcd.Call(this, other);
        public Tensor gcd_(Tensor other) => InPlace(Aten.gcd_, this, other);

        public Tensor heaviside(Tensor other) => Aten.heaviside.Call(this, other);
        public Tensor heaviside_(Tensor other) => InPlace(Aten.heaviside_, this, other);

        public Tensor hypot(Tensor other) => Aten.hypot.Call(this, other);

        public Tensor lcm(Tensor other) => Aten.lcm.Call(this, other);
        public Tensor lcm_(Tensor other) => InPlace(Aten.lcm_, this, other);

        public Tensor ldexp(Tensor other) => Aten.ldexp_Tensor.Call(this, other);
        public Tensor ldexp_(Tensor other) => InPlace(Aten.ldexp_, this, other);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.lerp_Tensor.Call(this, end, weight);
        public Tensor lerp_(Tensor end, Tensor weight) => InPlace(Aten.lerp__Tensor, this, end, weight);

        public Tensor logaddexp(Tensor other) => Aten.logaddexp.Call(this, other);

        public Tensor logaddexp2(Tensor other) => Aten.logaddexp2.Call(this, other);

        public Tensor maximum(Tensor other) => Aten.maximum.Call(this, other);

        public Tensor minimum(Tensor other) => Aten.minimum.Call(this, other);

        public Tensor mul(Scalar target) => Aten.mul_Scalar.Call(this, target);
        public Tensor mul(Tensor target) => Aten.mul_Tensor.Call(this, target);
        public Tensor mul_(Scalar target) => InPlace(Aten.mul__Scalar, this, target);
        public Tensor mul_(Tensor target) => InPlace(Aten.mul__Tensor, this, target);

        public Tensor multiply(Scalar target) => Aten.multiply_Scalar.Call(this, target);
        public Tensor multiply(Tensor target) => Aten.multiply_Tensor.Call(this, target);

        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null) => Aten.nan_to_num.Call(this, nan, posinf, neginf);
        public Tensor nan_to_num_(double nan = 0, double? posinf = null, double? neginf = null) => InPlace(Aten.nan_to_num_, this, nan, posinf, neginf);

        public Tensor neg() => Aten.neg.Call(this);
        public Tensor neg_() => InPlace(Aten.neg_, this);

        public Tensor negative() => Aten.negative.Call(this);

        public Tensor nextafter(Tensor other) => Aten.nextafter.Call(this, other);
        public Tensor nextafter_(Tensor other) => InPlace(Aten.nextafter_, this, other);

        public Tensor positive() => Aten.positive.Call(this);

        public Tensor pow(Scalar exponent) => Aten.pow_Tensor_Scalar.Call(this, exponent);
        public Tensor pow(Tensor exponent) => Aten.pow_Tensor_Tensor.Call(this, exponent);
        public Tensor pow_(Scalar exponent) => InPlace(Aten.pow__Scalar, this, exponent);
        public Tensor pow_(Tensor exponent) => InPlace(Aten.pow__Tensor, this, exponent);

        public Tensor reciprocal() => Aten.reciprocal.Call(this);
        public Tensor reciprocal_() => InPlace(Aten.reciprocal_, this);

        public Tensor remainder(Scalar scalar) => Aten.remainder_Scalar.Call(this, scalar);
        public Tensor remainder(Tensor target) => Aten.remainder_Tensor.Call(this, target);
        public Tensor remainder_(Scalar scalar) => InPlace(Aten.remainder__Scalar, this, scalar);
        public Tensor remainder_(Tensor target) => InPlace(Aten.remainder__Tensor, this, target);

        public Tensor round(long decimals = 0) => Aten.round_decimals.Call(this, decimals);
        public Tensor round_(long decimals = 0) => InPlace(Aten.round__decimals, this, decimals);

        public Tensor rsqrt() => Aten.rsqrt.Call(this);
        public Tensor rsqrt_() => InPlace(Aten.rsqrt_, this);

        public Tensor sgn() => Aten.sgn.Call(this);
        public Tensor sgn_() => InPlace(Aten.sgn_, this);

        public Tensor sign() => Aten.sign.Call(this);
        public Tensor sign_() => InPlace(Aten.sign_, this);

        public Tensor signbit() => Aten.signbit.Call(this);

        public Tensor sqrt() => Aten.sqrt.Call(this);
        public Tensor sqrt_() => InPlace(Aten.sqrt_, this);

        public Tensor square() => Aten.square.Call(this);

        public Tensor sub(Scalar target) => Aten.sub_Scalar.Call(this, target);
        public Tensor sub(Tensor target) => Aten.sub_Tensor.Call(this, target);
        public Tensor sub_(Scalar target) => InPlace(Aten.sub__Scalar, this, target);
        public Tensor sub_(Tensor target) => InPlace(Aten.sub__Tensor, this, target);

        public Tensor subtract(Scalar target) => Aten.subtract_Scalar.Call(this, target);
        public Tensor subtract(Tensor target) => Aten.subtract_Tensor.Call(this, target);
        public Tensor subtract_(Scalar target) => InPlace(Aten.subtract__Scalar, this, target);
        public Tensor subtract_(Tensor target) => InPlace(Aten.subtract__Tensor, this, target);

        public Tensor true_divide(Scalar other) => Aten.true_divide_Scalar.Call(this, other);
        public Tensor true_divide(Tensor other) => Aten.true_divide_Tensor.Call(this, other);
        public Tensor true_divide_(Scalar other) => InPlace(Aten.true_divide__Scalar, this, other);
        public Tensor true_divide_(Tensor other) => InPlace(Aten.true_divide__Tensor, this, other);

        public Tensor trunc() => Aten.trunc.Call(this);
        public Tensor trunc_() => InPlace(Aten.trunc_, this);

        public Tensor xlogy(Scalar y) => Aten.xlogy_Scalar_Other.Call(this, y);
        public Tensor xlogy(Tensor y) => Aten.xlogy_Tensor.Call(this, y);
        public Tensor xlogy_(Scalar y) => InPlace(Aten.xlogy__Scalar_Other, this, y);
        public Tensor xlogy_(Tensor y) => InPlace(Aten.xlogy__Tensor, this, y);
    }
}
