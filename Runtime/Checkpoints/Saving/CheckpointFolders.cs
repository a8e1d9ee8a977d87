using System.Globalization;
using System.Text.RegularExpressions;

namespace GShard;

/// <summary>
/// The folders of a checkpoint directory: <c>step-00000100</c> for a checkpoint, <c>step-00000100.replaced</c> for the one before of the same
/// step while a new one takes its place, anything that ends with <c>.tmp</c> for what is being written or deleted, and <c>latest</c>, which
/// names the last one saved.
/// </summary>
internal sealed partial class CheckpointFolders(string root)
{
    private const string Temporary = ".tmp";
    private const string Replaced = ".replaced";
    private const string LatestName = "latest";

    public string Root { get; } = Path.GetFullPath(root);

    public static string Name(long step) => $"step-{step.ToString("D8", CultureInfo.InvariantCulture)}";

    /// <summary>The folder that a save is written to.</summary>
    public string TemporaryOf(long step, string save) => Path.Combine(Root, $"{Name(step)}-{save}{Temporary}");

    /// <summary>The folder of a step's checkpoint; it need not be there.</summary>
    public string Of(long step)
    {
        var folder = Path.Combine(Root, Name(step));
        return !Directory.Exists(folder) && Directory.Exists(folder + Replaced) ? folder + Replaced : folder;
    }

    /// <summary>The steps of which there are checkpoints, ascending.</summary>
    public long[] Steps() => Directory.Exists(Root)
        ? [.. Directory.GetDirectories(Root).Select(folder => StepOf(Path.GetFileName(folder))).OfType<long>().Distinct().Order()]
        : [];

    /// <summary>The step that <c>latest</c> names, or null where there is no such file.</summary>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public long? Latest()
    {
        var path = Path.Combine(Root, LatestName);
        try
        {
            if (!File.Exists(path)) return null;
            var text = File.ReadAllText(path);
            return (text.EndsWith('\n') ? StepOf(text[..^1]) : null)
                ?? throw new CheckpointException($"'{path}' is damaged: it names no checkpoint. {Remedy()}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"'{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>What there is to load where the latest cannot be.</summary>
    public string Remedy()
    {
        var steps = Steps();
        return steps.Length == 0
            ? $"'{Root}' has no checkpoint."
            : $"'{Root}' has checkpoints of steps {string.Join(", ", steps.TakeLast(5))}: LoadNewestGood loads the newest that is whole.";
    }

    /// <summary>Removes what an interrupted save left, and finishes an interrupted replacement.</summary>
    public void CleanUp()
    {
        Directory.CreateDirectory(Root);
        foreach (var folder in Directory.GetDirectories(Root, "step-*" + Temporary)) Directory.Delete(folder, recursive: true);
        foreach (var folder in Directory.GetDirectories(Root, "step-*" + Replaced))
        {
            var current = folder[..^Replaced.Length];
            if (Directory.Exists(current)) Delete(folder);
            else Directory.Move(folder, current);
        }
    }

    /// <summary>The manifest's sequence number for a new checkpoint.</summary>
    public long NextSequence() => BySequence().Select(found => found.Sequence + 1).FirstOrDefault();

    /// <summary>The steps whose manifests can be read, the last one saved first.</summary>
    public List<(long Step, long Sequence)> BySequence()
    {
        var found = new List<(long Step, long Sequence)>();
        foreach (var step in Steps())
        {
            try
            {
                found.Add((step, Manifest.Read(Of(step)).Sequence));
            }
            catch (CheckpointException)
            {
                // A damaged one has no place in the order; loading it says what is wrong with it.
            }
        }
        return [.. found.OrderByDescending(entry => entry.Sequence)];
    }

    /// <summary>Makes a complete temporary folder the checkpoint of its step, and the latest.</summary>
    public void Commit(string temporary, long step)
    {
        var folder = Path.Combine(Root, Name(step));
        if (Directory.Exists(folder))
        {
            if (Directory.Exists(folder + Replaced)) Delete(folder + Replaced);
            Directory.Move(folder, folder + Replaced);
        }
        Directory.Move(temporary, folder);
        Disk.FlushFolder(Root);
        Disk.Replace(Path.Combine(Root, LatestName), Name(step) + "\n");
        if (Directory.Exists(folder + Replaced)) Delete(folder + Replaced);
    }

    /// <summary>Deletes all but the last checkpoints saved. What has no readable manifest is left for its owner to look at.</summary>
    public void Retain(int keep)
    {
        foreach (var (step, _) in BySequence().Skip(keep)) Delete(Of(step));
    }

    // Renamed first: half a checkpoint never has a checkpoint's name.
    private void Delete(string folder)
    {
        var doomed = Path.Combine(Root, $"{Path.GetFileName(folder)}-deleted{Temporary}");
        if (Directory.Exists(doomed)) Directory.Delete(doomed, recursive: true);
        Directory.Move(folder, doomed);
        Directory.Delete(doomed, recursive: true);
    }

    private static long? StepOf(string name) =>
        StepName().Match(name) is { Success: true } match && long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    [GeneratedRegex(@"^step-(\d{8,19})(\.replaced)?$", RegexOptions.CultureInvariant)]
    private static partial Regex StepName();
}
