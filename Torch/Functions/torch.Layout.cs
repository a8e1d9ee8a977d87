namespace TorchSharp;

// Storage layouts.
public static partial class torch
{
    public static Tensor dequantize(Tensor input) => input.dequantize();
}
