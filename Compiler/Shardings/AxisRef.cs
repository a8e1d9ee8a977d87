namespace GShard.Compiler.Shardings;

/// <summary>
/// A mesh axis, or the part of it that has <see cref="Size"/> devices after a major part of <see cref="PreSize"/> devices (a sub-axis).
/// Text: <c>x</c>, <c>x:(2)4</c>.
/// </summary>
public readonly record struct AxisRef(string Name, long PreSize = 0, long Size = 0)
{
    /// <summary>Whether this is a proper part of an axis.</summary>
    public bool IsSubAxis => Size != 0;

    /// <inheritdoc/>
    public override string ToString() => IsSubAxis ? $"{Name}:({PreSize}){Size}" : Name;
}
