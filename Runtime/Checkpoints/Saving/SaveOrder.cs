namespace GShard;

/// <summary>All that this rank needs to know to write its part of a checkpoint.</summary>
internal sealed class SaveOrder
{
    public const string StateFile = "state.json";

    public required CheckpointFolders Folders { get; init; }

    public required string Temporary { get; init; }

    public required long Step { get; init; }

    /// <summary>The random name of this save.</summary>
    public required string Save { get; init; }

    public required int Rank { get; init; }

    public required int Ranks { get; init; }

    public required string Mesh { get; init; }

    public required int Keep { get; init; }

    public required TimeSpan Patience { get; init; }

    /// <summary>The bytes of <c>state.json</c> on the rank that writes it, else null.</summary>
    public required byte[]? State { get; init; }

    public required IReadOnlyList<ShardToWrite> Shards { get; init; }

    /// <summary>Whether the checkpoint stands in its place.</summary>
    public bool IsCommitted()
    {
        try
        {
            return Manifest.Read(Folders.Of(Step)).Save == Save;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }

    /// <summary>The file of a rank's tensors in a folder, named as PyTorch's distributed checkpoint names it, which counts from 1.</summary>
    public static string ShardPath(string section, int rank) => $"{section}/shard-{rank + 1:D5}-model-00001-of-00001.safetensors";
}
