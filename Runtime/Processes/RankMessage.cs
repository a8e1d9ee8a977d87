using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GShard;

/// <summary>What ranks and their coordinator tell each other: a line of JSON over TCP.</summary>
internal sealed record RankMessage
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required MessageKind Kind { get; init; }

    /// <summary>The rank that says it, or that it is about.</summary>
    public int Rank { get; init; }

    public string? Text { get; init; }

    /// <summary>The collective that the rank is in, or was in last.</summary>
    public string? Collective { get; init; }

    /// <summary>The name of the run, by which strangers are told apart.</summary>
    public string? Run { get; init; }

    public int Ranks { get; init; }

    public string? Host { get; init; }

    public string? Address { get; init; }

    public int Process { get; init; }

    /// <summary>What every rank must have alike.</summary>
    public Dictionary<string, string>? Settings { get; init; }

    /// <summary>What the backend's members need to find each other; rank 0 says it.</summary>
    public string? Token { get; init; }

    /// <summary>All ranks, in the order of the mesh.</summary>
    public RankMessage[]? Roster { get; init; }

    /// <summary>How many collectives were called in each group.</summary>
    public Dictionary<string, long>? Counts { get; init; }

    /// <summary>The group of a collective, and its ranks.</summary>
    public string? Group { get; init; }

    public int[]? Members { get; init; }

    public double Seconds { get; init; }

    /// <summary>The number of a meeting in its group.</summary>
    public long Number { get; init; }

    /// <summary>What the members said in a meeting; one where all said the same.</summary>
    public string[]? Texts { get; init; }

    public byte[] ToLine() => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>The message of a line, or null where it is none.</summary>
    public static RankMessage? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<RankMessage>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
