namespace GShard;

/// <summary>
/// Stands on a generated module for each of its methods: which lines of the model's source its lines come from, so that errors can name those.
/// It is read when an error is made, and never before.
/// </summary>
/// <param name="method">The generated method: <c>Backward</c>.</param>
/// <param name="member">The model's member, as errors name it: <c>MoeFeedForward.forward's backward</c>.</param>
/// <param name="lines">
/// A row for each line where something new begins: the line in the generated file, the line in the source, and what stands there, as in
/// <c>76 37 for einsum</c>. A row <c>in MoeFeedForward.cs</c> names the file of those behind it.
/// </param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class SourceLinesAttribute(string method, string member, string lines) : Attribute
{
    /// <summary>The generated method.</summary>
    public string Method { get; } = method;

    /// <summary>The model's member, as errors name it.</summary>
    public string Member { get; } = member;

    /// <summary>The rows.</summary>
    public string Lines { get; } = lines;
}
