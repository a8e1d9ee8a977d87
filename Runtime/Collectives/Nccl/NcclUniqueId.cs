using System.Runtime.CompilerServices;

namespace GShard;

/// <summary>What the members of a communicator find each other by: 128 bytes, which NCCL takes by value.</summary>
[InlineArray(Length)]
internal struct NcclUniqueId
{
    public const int Length = 128;

    private byte first;
}
