using System.Text;

namespace GShard;

/// <summary>What ranks tell each other about a checkpoint. Every rank calls these alike.</summary>
internal static class RankMessages
{
    /// <summary>Every rank's bytes, by rank.</summary>
    public static byte[][] Exchange(DeviceMesh? mesh, byte[] mine) => mesh is null ? [mine] : mesh.Everyone.Tell(mine);

    /// <summary>Does something on every rank that may fail, and fails on all ranks with the same words where it does on any.</summary>
    /// <param name="mesh">The mesh, or null for a program of one rank.</param>
    /// <param name="work">What to do; its result is told to all.</param>
    /// <param name="namesRank">Whether to add the rank to the words.</param>
    /// <exception cref="CheckpointException">It failed; the first rank where it did is heard.</exception>
    public static byte[][] Agree(DeviceMesh? mesh, Func<byte[]> work, bool namesRank = true)
    {
        byte[] mine;
        Exception? own = null;
        try
        {
            mine = [0, .. work()];
        }
        catch (Exception exception) when (exception is CheckpointException or IOException or UnauthorizedAccessException)
        {
            own = exception;
            mine = [1, .. Encoding.UTF8.GetBytes(exception.Message)];
        }
        var all = Exchange(mesh, mine);
        for (var rank = 0; rank < all.Length; rank++)
        {
            if (all[rank][0] == 0) continue;
            var message = Encoding.UTF8.GetString(all[rank].AsSpan(1));
            throw new CheckpointException(all.Length > 1 && namesRank ? $"{message} (rank {rank})" : message, mesh is null || mesh.Rank == rank ? own : null);
        }
        return [.. all.Select(message => message[1..])];
    }

    /// <summary>As <see cref="Agree(DeviceMesh?, Func{byte[]}, bool)"/>, where there is nothing to tell.</summary>
    public static void Agree(DeviceMesh? mesh, Action work, bool namesRank = true) => Agree(
        mesh,
        () =>
        {
            work();
            return [];
        },
        namesRank);
}
