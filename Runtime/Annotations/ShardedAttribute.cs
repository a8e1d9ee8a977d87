namespace GShard;

/// <summary>
/// Marks a module to be compiled: its annotated methods are partitioned over the mesh, and a nested <c>Sharded</c> module and a
/// <c>Shard(mesh)</c> method are generated. The class and the types that contain it must be <c>partial</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ShardedAttribute : Attribute;
