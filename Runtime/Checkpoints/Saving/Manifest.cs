using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GShard;

/// <summary>What a checkpoint consists of. It is written last, so that a folder with a manifest is complete.</summary>
/// <param name="Step">The training step.</param>
/// <param name="Sequence">How many checkpoints were saved to the directory before this one.</param>
/// <param name="Save">A random name of the save, by which the ranks know it.</param>
/// <param name="Mesh">The mesh that wrote it, for the reader of the file.</param>
/// <param name="Files">All other files.</param>
internal sealed record Manifest(long Step, long Sequence, string Save, string Mesh, IReadOnlyList<CheckedFile> Files)
{
    public const string FileName = "manifest.json";

    private const string Format = "gshard-checkpoint";
    private const int Version = 1;
    private const string NoChecksum = "0000000000000000";
    private const string ChecksumKey = "xxh64";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text; its own checksum is that of the text with zeros in its place.</summary>
    public string ToText()
    {
        var files = new JsonArray([.. Files.Select(file => (JsonNode)new JsonObject { ["path"] = file.Path, ["bytes"] = file.Bytes, [ChecksumKey] = file.Checksum })]);
        var text = new JsonObject
        {
            [ChecksumKey] = NoChecksum,
            ["format"] = Format,
            ["version"] = Version,
            ["step"] = Step,
            ["sequence"] = Sequence,
            ["save"] = Save,
            ["mesh"] = Mesh,
            ["files"] = files,
        }.ToJsonString(Indented) + "\n";
        return Replace(text, NoChecksum, XxHash64.Of(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="CheckpointException">There is none, or it is damaged.</exception>
    public static Manifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"'{path}' cannot be read: {exception.Message}", exception);
        }
        try
        {
            var json = JsonNode.Parse(text)!.AsObject();
            if (json["format"]?.ToString() != Format || json["version"]?.GetValue<int>() != Version)
                throw new CheckpointException($"'{path}' is no manifest of a checkpoint of version {Version}.");
            var checksum = json[ChecksumKey]!.GetValue<string>();
            if (checksum.Length != NoChecksum.Length || XxHash64.Of(Encoding.UTF8.GetBytes(Replace(text, checksum, NoChecksum))) != checksum)
                throw new CheckpointException($"'{path}' is damaged: its checksum is not the one that it states.");
            return new Manifest(
                json["step"]!.GetValue<long>(), json["sequence"]!.GetValue<long>(), json["save"]!.GetValue<string>(), json["mesh"]!.GetValue<string>(),
                [.. json["files"]!.AsArray().Select(file => new CheckedFile(file!["path"]!.GetValue<string>(), file["bytes"]!.GetValue<long>(), file[ChecksumKey]!.GetValue<string>()))]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new CheckpointException($"'{path}' is damaged: {exception.Message}", exception);
        }
    }

    // The checksum is the first value of the file.
    private static string Replace(string text, string old, string fresh)
    {
        var place = text.IndexOf(old, StringComparison.Ordinal);
        return place < 0 ? text : string.Concat(text.AsSpan(0, place), fresh, text.AsSpan(place + old.Length));
    }
}
