using System.Text.Json;

namespace GShard;

/// <summary>
/// Writes this rank's part of a checkpoint. It uses no collective, so that it can run beside the training: ranks tell each other through
/// small files in the checkpoint's temporary folder what they wrote, and rank 0 commits it when all have.
/// </summary>
internal sealed class SaveJob(SaveOrder order)
{
    private const string ReportFolder = "ranks";

    private readonly string reports = Path.Combine(order.Temporary, ReportFolder);

    /// <summary>How long to wait for the other ranks while nothing of what they write grows.</summary>
    public TimeSpan Patience { get; set; } = order.Patience;

    /// <summary>Runs to the end; what fails is told to the other ranks before it is thrown.</summary>
    /// <exception cref="CheckpointException">The checkpoint was not committed.</exception>
    public void Run()
    {
        try
        {
            Report(new RankReport(Write(), null));
            if (order.Rank == 0) Commit();
            else AwaitCommit();
        }
        catch (Exception exception)
        {
            // Whatever it is, the other ranks wait for a word.
            var by = order.Ranks > 1 ? $" by rank {order.Rank}" : "";
            var failure = exception as CheckpointException ?? new CheckpointException($"The checkpoint of step {order.Step} cannot be written{by}: {exception.Message}", exception);
            try
            {
                if (order.Rank == 0) Directory.Delete(order.Temporary, recursive: true);
                else Report(new RankReport([], failure.Message));
            }
            catch (Exception second) when (second is IOException or UnauthorizedAccessException)
            {
                // The first reason is the one to tell; the next save removes the folder.
            }
            throw failure;
        }
    }

    private List<CheckedFile> Write()
    {
        var files = new List<CheckedFile>();
        foreach (var shard in order.Shards)
        {
            if (shard.Tensors.Count == 0) continue;
            using var file = new ChecksummedFile(order.Temporary, shard.Path);
            file.Write(shard.Header.ToBytes());
            foreach (var tensor in shard.Tensors)
            {
                // One at a time, where it is not in host memory already.
                using var host = tensor().cpu();
                using var contiguous = host.contiguous();
                file.Write(contiguous);
            }
            files.Add(file.Finish());
            Disk.FlushFolder(Path.GetDirectoryName(Path.Combine(order.Temporary, shard.Path))!);
        }
        if (order.State is { } state)
        {
            using var file = new ChecksummedFile(order.Temporary, SaveOrder.StateFile);
            file.Write(state);
            files.Add(file.Finish());
        }
        return files;
    }

    private void Report(RankReport report)
    {
        var path = Path.Combine(reports, ReportName(order.Rank));
        File.WriteAllBytes(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(report));
        File.Move(path + ".tmp", path, overwrite: true);
    }

    private void Commit()
    {
        var files = new List<CheckedFile>();
        for (var rank = 0; rank < order.Ranks; rank++)
        {
            var path = Path.Combine(reports, ReportName(rank));
            var missing = rank;
            Await(() => File.Exists(path), () => $"rank {missing} has not written its part");
            var report = JsonSerializer.Deserialize<RankReport>(File.ReadAllBytes(path))!;
            if (report.Failure is { } failure) throw new CheckpointException(failure);
            files.AddRange(report.Files);
        }
        foreach (var file in files)
        {
            var length = new FileInfo(Path.Combine(order.Temporary, file.Path)).Length;
            if (length != file.Bytes) throw new CheckpointException($"The checkpoint of step {order.Step} cannot be written: '{file.Path}' has {length} bytes where {file.Bytes} were written.");
        }
        Directory.Delete(reports, recursive: true);
        var manifest = new Manifest(order.Step, order.Folders.NextSequence(), order.Save, order.Mesh, [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)]);
        Disk.Replace(Path.Combine(order.Temporary, Manifest.FileName), manifest.ToText());
        order.Folders.Commit(order.Temporary, order.Step);
        try
        {
            order.Folders.Retain(order.Keep);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The checkpoint of step {order.Step} is saved, but older ones cannot be deleted: {exception.Message}", exception);
        }
    }

    // The temporary folder goes when rank 0 has committed it, or given up.
    private void AwaitCommit()
    {
        Await(() => !Directory.Exists(order.Temporary), () => "rank 0 has not committed it");
        if (!order.IsCommitted()) throw new CheckpointException($"The checkpoint of step {order.Step} was given up by rank 0.");
    }

    private void Await(Func<bool> happened, Func<string> otherwise)
    {
        var pause = 0;
        var since = Environment.TickCount64;
        var seen = -1L;
        while (!happened())
        {
            pause = Math.Min(100, pause + 1);
            Thread.Sleep(pause);
            if (Environment.TickCount64 - since < Math.Min(1000, Patience.TotalMilliseconds)) continue;
            var written = Written();
            if (written != seen) (since, seen) = (Environment.TickCount64, written);
            else if (Environment.TickCount64 - since > Patience.TotalMilliseconds)
                throw new CheckpointException($"The checkpoint of step {order.Step} was given up: {otherwise()}, and nothing was written for {Patience.TotalSeconds:0} s.");
        }
    }

    // Whatever a rank writes changes this.
    private long Written()
    {
        try
        {
            return new DirectoryInfo(order.Temporary).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length + 1);
        }
        catch (IOException)
        {
            return -2;
        }
    }

    private static string ReportName(int rank) => $"rank-{rank:D5}.json";

    /// <summary>Makes the folders that a save writes to.</summary>
    public static void MakeFolders(string temporary, IEnumerable<string> sections)
    {
        foreach (var section in sections.Append(ReportFolder)) Directory.CreateDirectory(Path.Combine(temporary, section));
    }

    /// <summary>What a rank wrote, or why it could not.</summary>
    private sealed record RankReport(IReadOnlyList<CheckedFile> Files, string? Failure);
}
