namespace GShard;

/// <summary>
/// The coordinator's part in meetings of ranks over the host: what each member of a group says is handed to all of them when all have
/// spoken. Where all say the same, as ranks that take the same step do, the answer says no more than that.
/// </summary>
internal sealed class CallRelay
{
    private readonly Dictionary<(string Group, long Number), RankMessage?[]> meetings = [];

    /// <summary>Takes what a member says; the answer once it is the last.</summary>
    public RankMessage? Hear(RankMessage message)
    {
        var members = message.Members!;
        var key = (message.Group!, message.Number);
        if (!meetings.TryGetValue(key, out var heard)) meetings.Add(key, heard = new RankMessage?[members.Length]);
        heard[Array.IndexOf(members, message.Rank)] = message;
        if (heard.Any(other => other is null)) return null;
        meetings.Remove(key);
        string[] texts = [.. heard.Select(other => other!.Text!)];
        var areAlike = Array.TrueForAll(texts, text => text == texts[0]);
        return new RankMessage { Kind = MessageKind.Calls, Group = message.Group, Number = message.Number, Members = members, Texts = areAlike ? texts[..1] : texts };
    }
}
