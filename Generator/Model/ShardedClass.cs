using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Model;

/// <summary>A <c>[Sharded]</c> class, read and compiled: all that the writer needs, nothing of Roslyn's.</summary>
/// <param name="Namespace">The namespace, or empty.</param>
/// <param name="ContainingTypes">Declarations of the types around the class, outermost first: <c>partial class Outer</c>.</param>
/// <param name="Declaration">The class's own partial declaration: <c>partial class MoeFeedForward</c>.</param>
/// <param name="Name">The class's name.</param>
/// <param name="BaseType">The module type that the sharded class derives from, fully qualified: <c>global::TorchSharp.torch.nn.Module&lt;…&gt;</c>.</param>
/// <param name="HidesInherited">Whether a base class already has a nested type <c>Sharded</c>.</param>
/// <param name="Mesh">The class's mesh.</param>
/// <param name="Promises">Sizes that annotations promise for axes, with the member that promises.</param>
/// <param name="Weights">Parameters and buffers, those of library submodules among them.</param>
/// <param name="HostFields">Host values copied from the plain module.</param>
/// <param name="Submodules">Sharded submodules and lists of them.</param>
/// <param name="Methods">The annotated methods, compiled.</param>
public sealed record ShardedClass(
    string Namespace,
    ImmutableArray<string> ContainingTypes,
    string Declaration,
    string Name,
    string BaseType,
    bool HidesInherited,
    Mesh Mesh,
    ImmutableArray<AxisPromise> Promises,
    ImmutableArray<WeightField> Weights,
    ImmutableArray<HostField> HostFields,
    ImmutableArray<SubmoduleField> Submodules,
    ImmutableArray<MethodModel> Methods)
{
    /// <summary>Static methods for the bodies of local regions, as C#.</summary>
    public ImmutableArray<string> LocalFunctions { get; init; } = [];

    /// <summary>The names of weights that a constructor makes one with another.</summary>
    public ImmutableArray<string> TiedWeights { get; init; } = [];

    /// <summary>How the updates of weights are split; null where every rank updates all that it holds.</summary>
    public WeightUpdate? WeightUpdate { get; init; }
}

/// <summary>The axis over which optimizers split their state, and whether gradients are split over it too.</summary>
public sealed record WeightUpdate(string Axis, bool SplitsGradients);

/// <summary>An axis size that an annotation promises: <c>[Split(0, 8)]</c> on <c>wi</c>.</summary>
public sealed record AxisPromise(string Axis, long Size, string Member);

/// <summary>A parameter or buffer of the sharded class.</summary>
/// <param name="Name">The name in the state dict and in the program: <c>wi</c>, <c>up.weight</c>.</param>
/// <param name="Identifier">The field in the sharded class: <c>wi</c>, <c>upWeight</c>.</param>
/// <param name="PlainAccess">How the plain module reaches it: <c>wi</c>, <c>up.weight</c>.</param>
/// <param name="IsBuffer">Whether it is a buffer.</param>
/// <param name="Type">Shape and placement.</param>
/// <param name="Uneven">Whether ranks may be empty.</param>
public sealed record WeightField(string Name, string Identifier, string PlainAccess, bool IsBuffer, TensorType Type, bool Uneven)
{
    /// <summary>Whether it may be complex: every method that uses it takes it apart into real and imaginary parts.</summary>
    public bool MayBeComplex { get; init; }
}

/// <summary>A host value copied from the plain module: type and name.</summary>
public sealed record HostField(string Type, string Name);

/// <summary>A sharded submodule: its field name, its sharded type, and whether it is a <c>ModuleList</c> of that type.</summary>
public sealed record SubmoduleField(string Name, string ShardedType, bool IsList);

/// <summary>An annotated method: its C# face and its programs.</summary>
/// <param name="Name">The method's name.</param>
/// <param name="IsOverride">Whether it overrides the base module's <c>forward</c>.</param>
/// <param name="Arguments">All parameters in order: C# type and name; tensors among them are the program's arguments of the same name.</param>
/// <param name="ReturnType">The C# return type.</param>
/// <param name="ReturnNames">Names for the returned values: tuple elements, or one name.</param>
/// <param name="Program">The compiled program; null where the method has errors, and its generated body throws.</param>
public sealed record MethodModel(
    string Name,
    bool IsOverride,
    ImmutableArray<(string Type, string Name)> Arguments,
    string ReturnType,
    ImmutableArray<string> ReturnNames,
    ShardedProgram? Program)
{
    /// <summary>The arguments that the program takes to be real.</summary>
    public ImmutableArray<string> RealArguments { get; init; } = [];
}
