namespace GShard;

/// <summary>The collectives of a mesh axis.</summary>
internal enum CollectiveKind
{
    AllReduce,
    AllReduceMax,
    AllReduceMin,
    AllGather,
    ReduceScatter,
    AllToAll,
    Permute,
    Window,
    WindowAdd,
    Broadcast,
    Barrier,
    GlobalSize,
}
