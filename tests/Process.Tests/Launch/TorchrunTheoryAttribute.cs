namespace GShard.Process.Tests;

/// <summary>A test of several cases that needs torchrun.</summary>
public sealed class TorchrunTheoryAttribute : TheoryAttribute
{
    public TorchrunTheoryAttribute()
    {
        if (TorchrunFactAttribute.Reason is { } reason) Skip = reason;
    }
}
