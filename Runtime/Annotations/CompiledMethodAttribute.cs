namespace GShard;

/// <summary>
/// Stands on a generated module for each method that was compiled, so that other assemblies can call it: how its arguments and results lie
/// on the mesh, in the compiler's text form.
/// </summary>
/// <param name="program">The method's face.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class CompiledMethodAttribute(string program) : Attribute
{
    /// <summary>The method's face.</summary>
    public string Program { get; } = program;
}
