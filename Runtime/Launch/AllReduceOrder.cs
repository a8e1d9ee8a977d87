namespace GShard;

/// <summary>How all-reduces between processes add.</summary>
public enum AllReduceOrder
{
    /// <summary>In rank order over Gloo, which is no slower there; by NCCL's own algorithm over NCCL.</summary>
    Automatic,

    /// <summary>In rank order: the same bits as ranks on threads of one process, and on every backend.</summary>
    Ordered,

    /// <summary>By the backend's own algorithm where it has one for the element type.</summary>
    Native,
}
