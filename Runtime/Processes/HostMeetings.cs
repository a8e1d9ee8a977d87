using System.Collections.Concurrent;

namespace GShard;

/// <summary>
/// A rank's meetings with the other members of a group over the host, by way of the coordinator: for backends whose own exchanges are not
/// for host memory. Every member's meetings of a group come in the same order.
/// </summary>
/// <param name="send">Sends to the coordinator.</param>
internal sealed class HostMeetings(Func<RankMessage, bool> send)
{
    private readonly Dictionary<string, long> numbers = [];
    private readonly ConcurrentDictionary<(string Group, long Number), Meeting> open = new();

    /// <summary>Begins a meeting.</summary>
    /// <param name="rank">This rank.</param>
    /// <param name="ranks">The group's ranks.</param>
    /// <param name="words">What this member says.</param>
    public Meeting Begin(int rank, int[] ranks, ReadOnlySpan<byte> words)
    {
        var group = string.Join(',', ranks);
        long number;
        lock (numbers) numbers[group] = number = numbers.GetValueOrDefault(group) + 1;
        var meeting = open[(group, number)] = new Meeting(ranks.Length);
        var isSent = send(new RankMessage { Kind = MessageKind.Calls, Rank = rank, Group = group, Number = number, Members = ranks, Text = Convert.ToBase64String(words) });
        if (!isSent) meeting.Break();
        return meeting;
    }

    /// <summary>Takes the coordinator's answer; on the link's thread.</summary>
    public void Deliver(RankMessage answer)
    {
        if (open.TryRemove((answer.Group!, answer.Number), out var meeting)) meeting.End([.. answer.Texts!.Select(Convert.FromBase64String)]);
    }

    /// <summary>A meeting under way.</summary>
    /// <param name="size">The number of members.</param>
    internal sealed class Meeting(int size) : IExchangeWork
    {
        private readonly TaskCompletionSource<byte[][]> said = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What each member said, once the wait is over.</summary>
        public byte[][] Words => said.Task.Result is { Length: 1 } alike ? [.. Enumerable.Repeat(alike[0], size)] : said.Task.Result;

        public void End(byte[][] words) => said.TrySetResult(words);

        public void Break() => said.TrySetException(new ExchangeException("the connection to rank 0 is gone", new IOException("The coordinator's connection is closed.")));

        public bool Wait(TimeSpan limit)
        {
            if (said.Task.IsFaulted) said.Task.GetAwaiter().GetResult();
            return said.Task.Wait(limit);
        }

        public void Dispose()
        {
        }
    }
}
