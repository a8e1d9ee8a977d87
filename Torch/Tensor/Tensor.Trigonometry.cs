namespace TorchSharp;

public static partial class torch
{
    // Trigonometric and hyperbolic functions.
    public partial class Tensor
    {
        public Tensor acos() => Aten.acos.Call(this);
        public Tensor acos_() => InPlace(Aten.acos_, this);

        public Tensor acosh() => Aten.acosh.Call(this);
        public Tensor acosh_() => InPlace(Aten.acosh_, this);

        public Tensor angle() => Aten.angle.Call(this);

        public Tensor arccos() => Aten.arccos.Call(this);
        public Tensor arccos_() => InPlace(Aten.arccos_, this);

        public Tensor arccosh() => Aten.arccosh.Call(this);
        public Tensor arccosh_() => InPlace(Aten.arccosh_, this);

        public Tensor arcsin() => Aten.arcsin.Call(this);
        public Tensor arcsin_() => InPlace(Aten.arcsin_, this);

        public Tensor arcsinh() => Aten.arcsinh.Call(this);
        public Tensor arcsinh_() => InPlace(Aten.arcsinh_, this);

        public Tensor arctan() => Aten.arctan.Call(this);
        public Tensor arctan(Tensor other) => atan2(other);

        public Tensor arctan2(Tensor other) => Aten.arctan2.Call(this, other);
        public Tensor arctan2_(Tensor other) => InPlace(Aten.arctan2_, this, other);

        public Tensor arctan_() => InPlace(Aten.arctan_, this);
        public Tensor arctan_(Tensor other) => atan2_(other);

        public Tensor arctanh() => Aten.arctanh.Call(this);
        public Tensor arctanh_() => InPlace(Aten.arctanh_, this);

        public Tensor asin() => Aten.asin.Call(this);
        public Tensor asin_() => InPlace(Aten.asin_, this);

        public Tensor asinh() => Aten.asinh.Call(this);
        public Tensor asinh_() => InPlace(Aten.asinh_, this);

        public Tensor atan() => Aten.atan.Call(this);

        public Tensor atan2(Tensor other) => Aten.atan2.Call(this, other);
        public Tensor atan2_(Tensor other) => InPlace(Aten.atan2_, this, other);

        public Tensor atan_() => InPlace(Aten.atan_, this);

        public Tensor atanh() => Aten.atanh.Call(this);
        public Tensor atanh_() => InPlace(Aten.atanh_, this);

        public Tensor cos() => Aten.cos.Call(this);
        public Tensor cos_() => InPlace(Aten.cos_, this);

        public Tensor cosh() => Aten.cosh.Call(this);
        public Tensor cosh_() => InPlace(Aten.cosh_, this);

        public Tensor deg2rad() => Aten.deg2rad.Call(this);
        public Tensor deg2rad_() => InPlace(Aten.deg2rad_, this);

        public Tensor rad2deg() => Aten.rad2deg.Call(this);
        public Tensor rad2deg_() => InPlace(Aten.rad2deg_, this);

        public Tensor sin() => Aten.sin.Call(this);
        public Tensor sin_() => InPlace(Aten.sin_, this);

        public Tensor sinc() => Aten.sinc.Call(this);
        public Tensor sinc_() => InPlace(Aten.sinc_, this);

        public Tensor sinh() => Aten.sinh.Call(this);
        public Tensor sinh_() => InPlace(Aten.sinh_, this);

        public Tensor tan() => Aten.tan.Call(this);
        public Tensor tan_() => InPlace(Aten.tan_, this);

        public Tensor tanh() => Aten.tanh.Call(this);
        public Tensor tanh_() => InPlace(Aten.tanh_, this);
    }
}
