namespace TorchSharp;

/// <summary>An operator and its in-place form, named with a trailing underscore.</summary>
internal sealed class FunctionalOperator(string name)
{
    private readonly NativeOperator _plain = new("aten::" + name);
    private readonly NativeOperator _inPlace = new("aten::" + name + "_");

    /// <summary>A fresh handle in both forms: of a new tensor, or of the first argument.</summary>
    internal Tensor Call(bool inplace, params ReadOnlySpan<Argument> arguments) => (inplace ? _inPlace : _plain).Call(arguments);
}
