namespace TorchSharp;

/// <summary>What stands beyond the edges of an input.</summary>
public enum PaddingModes
{
    Zeros = 0,
    Reflect = 1,
    Replicate = 2,
    Circular = 3,
    Constant = 4,
}

/// <summary>Padding by its effect: none, or the input's size kept.</summary>
public enum Padding
{
    Valid = 0,
    Same = 1,
}
