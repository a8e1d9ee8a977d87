using static TorchSharp.torch;

namespace GShard;

/// <summary>The gradients of a function's floating-point operands, in their order.</summary>
public sealed class OperandGradients
{
    private readonly Tensor[] gradients;

    internal OperandGradients(Tensor[] gradients) => this.gradients = gradients;

    /// <summary>The gradient of one of them.</summary>
    public Tensor this[int index] => gradients[index];

    /// <summary>The gradients of two.</summary>
    public void Deconstruct(out Tensor first, out Tensor second) => (first, second) = (gradients[0], gradients[1]);

    /// <summary>The gradients of three.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third) => (first, second, third) = (gradients[0], gradients[1], gradients[2]);

    /// <summary>The gradients of four.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth) =>
        (first, second, third, fourth) = (gradients[0], gradients[1], gradients[2], gradients[3]);

    /// <summary>The gradients of five.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth, out Tensor fifth) =>
        (first, second, third, fourth, fifth) = (gradients[0], gradients[1], gradients[2], gradients[3], gradients[4]);

    /// <summary>The gradients of six.</summary>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third, out Tensor fourth, out Tensor fifth, out Tensor sixth) =>
        (first, second, third, fourth, fifth, sixth) = (gradients[0], gradients[1], gradients[2], gradients[3], gradients[4], gradients[5]);
}
