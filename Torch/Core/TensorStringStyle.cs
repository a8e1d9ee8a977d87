namespace TorchSharp;

/// <summary>How a tensor is written as text.</summary>
public enum TensorStringStyle
{
    /// <summary>Shape, element type and device.</summary>
    Metadata = 0,

    /// <summary>The metadata, then the values in rows.</summary>
    Julia = 1,

    /// <summary>The values in nested brackets.</summary>
    Numpy = 2,

    /// <summary>The values in nested braces after element type and shape.</summary>
    CSharp = 3,

    /// <summary>What <see cref="torch.TensorStringStyle"/> says.</summary>
    Default = 4,
}
