using System.Text;

namespace GShard;

/// <summary>A parameter in a plan.</summary>
/// <param name="Name">The full name.</param>
/// <param name="GlobalDims">The whole parameter's dims, as in <c>E M H</c>.</param>
/// <param name="Placements">Its splits.</param>
public sealed record PlannedParameter(string Name, string GlobalDims, IReadOnlyList<Placement> Placements)
{
    /// <summary>The rank that holds what each rank of the mesh would hold by the placements; empty where that is the rank itself.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [];
}

/// <summary>A collective in a plan.</summary>
/// <param name="Kind">As in <c>AllToAll</c>.</param>
/// <param name="Axis">The mesh axis; <c>mesh</c> where it is between all ranks.</param>
/// <param name="Bytes">The bytes that a rank sends, as a formula of dims and axis sizes.</param>
/// <param name="Member">The method it stands in.</param>
/// <param name="Value">The value it moves.</param>
public sealed record PlannedCollective(string Kind, string Axis, string Bytes, string Member, string Value);

/// <summary>What a sharded module holds and communicates; the same on every rank.</summary>
/// <param name="Parameters">The parameters, in the order of registration.</param>
/// <param name="Collectives">The collectives, in program order.</param>
/// <param name="Hash">A hash of the compiled program.</param>
public sealed record ShardPlan(IReadOnlyList<PlannedParameter> Parameters, IReadOnlyList<PlannedCollective> Collectives, string Hash)
{
    /// <summary>The axis over which optimizers split their state of the parameters that are not split over it (<c>[Mesh(…, Zero = 1)]</c>); null where there is none.</summary>
    public string? WeightUpdateAxis { get; init; }

    /// <summary>Whether gradients are split over that axis too (<c>Zero = 2</c>).</summary>
    public bool SplitsGradients { get; init; }

    /// <summary>Compares the hash over all ranks of a mesh, once for each; every rank must call it, as the constructors of sharded modules do.</summary>
    /// <exception cref="InvalidOperationException">A rank runs another program; it is named.</exception>
    public void Verify(DeviceMesh mesh)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        if (mesh.Size == 1 || !mesh.VerifiedPlans.Add(Hash)) return;
        string[] hashes = [.. mesh.Everyone.Tell(Encoding.UTF8.GetBytes(Hash)).Select(Encoding.UTF8.GetString)];
        for (var rank = 1; rank < mesh.Size; rank++)
        {
            if (hashes[rank] == hashes[0]) continue;
            // The odd one out is at fault, and that may be rank 0.
            var odd = hashes.Count(hash => hash == hashes[0]) * 2 < mesh.Size ? 0 : rank;
            var other = odd == 0 ? rank : 0;
            throw new InvalidOperationException($"Rank {odd} runs another program: its plan has hash {hashes[odd]}, rank {other}'s has {hashes[other]}; start every rank from the same build.");
        }
    }
}
