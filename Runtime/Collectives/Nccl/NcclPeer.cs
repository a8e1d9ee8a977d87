using System.Text.Json;

namespace GShard;

/// <summary>What a member tells the others before they connect.</summary>
/// <param name="Rank">Its rank.</param>
/// <param name="Machine">Its host.</param>
/// <param name="Device">Its device, as in <c>cuda:0 (0000:01:00.0)</c>.</param>
/// <param name="Bus">Where the device is on its host.</param>
/// <param name="HostId">Its NCCL_HOSTID, by which NCCL tells hosts apart; empty where the variable is not set.</param>
/// <param name="UniqueId">What the first member has made for all to connect by; empty for the others.</param>
internal sealed record NcclPeer(int Rank, string Machine, string Device, string Bus, string HostId, byte[] UniqueId)
{
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static NcclPeer Decode(byte[] words) => JsonSerializer.Deserialize<NcclPeer>(words)!;

    /// <summary>Why NCCL would refuse the members, or mistake one for another: the rank at fault and a sentence; null where it would not.</summary>
    public static (int Rank, string Message)? Conflict(NcclPeer[] peers)
    {
        for (var second = 1; second < peers.Length; second++)
            for (var first = 0; first < second; first++)
            {
                var (a, b) = (peers[first], peers[second]);
                var isSameHost = a.Machine == b.Machine;
                if (a.HostId.Length > 0 && a.HostId == b.HostId && !isSameHost)
                    return (b.Rank, $"rank {a.Rank} on {a.Machine} and rank {b.Rank} on {b.Machine} both have NCCL_HOSTID={a.HostId}, by which NCCL takes them for one host; give each host a name of its own, or leave the variable unset.");
                if (isSameHost && a.Bus == b.Bus && a.HostId == b.HostId)
                    return (b.Rank, $"ranks {a.Rank} and {b.Rank} both use {b.Device} of {b.Machine}{(a.HostId.Length > 0 ? $" with NCCL_HOSTID={a.HostId}" : "")}, which NCCL refuses; give each rank a device of its own (cuda:LOCAL_RANK), or, to test on one device, each process its own NCCL_HOSTID.");
            }
        return null;
    }
}
