namespace GShard;

/// <summary>A module that holds one rank's part of a model.</summary>
public interface IShardedModule
{
    /// <summary>The mesh it was sharded over.</summary>
    DeviceMesh Mesh { get; }

    /// <summary>Its parameters and collectives.</summary>
    ShardPlan Plan { get; }
}
