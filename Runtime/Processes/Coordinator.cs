using System.Globalization;
using System.Net.Sockets;

namespace GShard;

/// <summary>
/// Rank 0's service to all ranks: brings them together, and tells all of them within milliseconds when one has failed, is gone, no longer
/// answers or has returned before its time. It has one thread, and no part in what the ranks compute.
/// </summary>
internal sealed class Coordinator : IDisposable
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    private readonly Socket listener;
    private readonly string run;
    private readonly MeshOptions options;
    private readonly List<Member> strangers = [];
    private readonly Member?[] members;
    private readonly CallRelay relay = new();
    private readonly Thread thread;
    private readonly DateTime startDeadline;
    private readonly DateTime begin = DateTime.UtcNow;
    private volatile bool stopped;
    private bool isTogether;
    private RankMessage? failure;
    private RankMessage? inquiry;
    private DateTime inquiryDeadline;

    public Coordinator(Socket listener, string run, int ranks, MeshOptions options)
    {
        this.listener = listener;
        this.run = run;
        this.options = options;
        members = new Member?[ranks];
        startDeadline = begin + options.StartTimeout;
        thread = new Thread(Serve) { Name = "GShard coordinator", IsBackground = true };
        thread.Start();
    }

    public void Dispose()
    {
        stopped = true;
        if (Thread.CurrentThread != thread) thread.Join();
    }

    private IEnumerable<Member> Present => members.OfType<Member>();

    private void Serve()
    {
        var lastBeat = DateTime.UtcNow;
        var lastTurn = lastBeat;
        while (!stopped)
        {
            var sockets = new List<Socket> { listener };
            sockets.AddRange(strangers.Concat(Present).Where(member => !member.IsGone).Select(member => member.Channel.Socket));
            Socket.Select(sockets, null, null, Turn);
            var now = DateTime.UtcNow;
            // This process may have been stopped itself: nobody else is to blame for that time.
            if (now - lastTurn > AnswerTime)
                foreach (var member in Present) member.Heard = now;
            lastTurn = now;
            if (sockets.Contains(listener)) Accept(now);
            foreach (var member in strangers.Concat(Present).Where(member => sockets.Contains(member.Channel.Socket)).ToArray()) Listen(member, now);
            if (now - lastBeat >= options.BeatInterval)
            {
                lastBeat = now;
                Tell(new RankMessage { Kind = MessageKind.Beat });
            }
            Watch(now);
        }
        foreach (var member in strangers.Concat(Present)) member.Channel.Dispose();
        listener.Dispose();
    }

    private void Accept(DateTime now)
    {
        var member = new Member(new MessageChannel(listener.Accept())) { Heard = now };
        strangers.Add(member);
        member.Channel.Send(new RankMessage { Kind = MessageKind.Greeting, Run = run });
    }

    private void Listen(Member member, DateTime now)
    {
        if (member.Channel.Receive(TimeSpan.Zero) is not { } messages)
        {
            member.IsGone = true;
            strangers.Remove(member);
            Tell(new RankMessage { Kind = MessageKind.Gone, Rank = member.Place });
            // What a rank said before its end stands; a rank that has said nothing was killed or has crashed.
            if (member.Hello is not null && !member.HasLeft)
                Fail(member, "ended without a word: it was killed, or has crashed; see what it printed");
            return;
        }
        member.Heard = now;
        foreach (var message in messages) Handle(member, message);
    }

    private void Handle(Member member, RankMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.Hello:
                Welcome(member, message);
                break;
            case MessageKind.Failure:
                Announce(message);
                break;
            case MessageKind.Stuck when inquiry is null && failure is null:
                inquiry = message;
                inquiryDeadline = DateTime.UtcNow + AnswerTime;
                foreach (var other in Present) other.State = null;
                Tell(new RankMessage { Kind = MessageKind.State });
                break;
            case MessageKind.State:
                member.State = message;
                break;
            case MessageKind.Calls when relay.Hear(message) is { } answer:
                foreach (var other in Present)
                    if (!other.IsGone && answer.Members!.Contains(other.Place)) other.Channel.Send(answer);
                break;
            case MessageKind.Left:
                member.HasLeft = true;
                Tell(message);
                if (members.All(other => other is { HasLeft: true })) Tell(new RankMessage { Kind = MessageKind.End });
                break;
        }
    }

    private void Welcome(Member member, RankMessage hello)
    {
        strangers.Remove(member);
        member.Hello = hello;
        var problem = hello.Run != run ? $"belongs to run '{hello.Run}' where rank 0 belongs to '{run}'; start one run at a port"
            : hello.Ranks != members.Length ? $"was started as one of {hello.Ranks} ranks where rank 0 is one of {members.Length}; start all with the same number"
            : members[hello.Rank] is not null ? "was started twice; give each process a rank of its own"
            : null;
        if (problem is not null)
        {
            Fail(member, problem);
            member.Channel.Send(failure!);
            return;
        }
        members[hello.Rank] = member;
        member.Place = hello.Rank;
        if (failure is not null) member.Channel.Send(failure);
        if (members.Any(other => other is null)) return;
        isTogether = true;
        if (Difference() is { } difference)
        {
            Fail(difference.Member, difference.Text);
            return;
        }
        var order = HostLayout.Order([.. members.Select(other => other!.Hello!.Host!)]);
        for (var place = 0; place < order.Length; place++) members[order[place]]!.Place = place;
        Tell(new RankMessage
        {
            Kind = MessageKind.Roster,
            Token = members[0]!.Hello!.Token,
            Roster = [.. order.Select(rank => members[rank]!.Hello! with { Address = members[rank]!.Address, Settings = null })],
        });
    }

    private (Member Member, string Text)? Difference()
    {
        var first = members[0]!.Hello!.Settings!;
        foreach (var (key, value) in first)
        {
            var different = Present.FirstOrDefault(member => member.Hello!.Settings!.GetValueOrDefault(key) != value);
            if (different is null) continue;
            // The odd one out is at fault, and that may be rank 0.
            var isFirst = Present.Count(member => member.Hello!.Settings!.GetValueOrDefault(key) == value) * 2 < members.Length;
            var (odd, other) = isFirst ? (members[0]!, different) : (different, members[0]!);
            return (odd, $"has {key} {odd.Hello!.Settings!.GetValueOrDefault(key) ?? "unset"} where rank {other.Hello!.Rank} has {other.Hello.Settings!.GetValueOrDefault(key) ?? "unset"}; start every rank alike");
        }
        return null;
    }

    private void Watch(DateTime now)
    {
        if (failure is not null) return;
        if (!isTogether)
        {
            if (now < startDeadline) return;
            var missing = Enumerable.Range(0, members.Length).Where(rank => members[rank] is null).ToArray();
            var there = Enumerable.Range(0, members.Length).Where(rank => members[rank] is not null).ToArray();
            var text = $"{List(missing)} did not start within {Seconds(startDeadline - begin)} s, but {List(there)} did; see why, or raise the start time-out (GSHARD_START_TIMEOUT)";
            Announce(new RankMessage { Kind = MessageKind.Failure, Rank = missing[0], Text = text });
            return;
        }
        foreach (var member in Present)
        {
            if (member.HasLeft || now - member.Heard <= options.Heartbeat) continue;
            Tell(new RankMessage { Kind = MessageKind.Gone, Rank = member.Place });
            Fail(member, $"has not answered for {Seconds(now - member.Heard)} s: it is stopped, or cut off from rank 0");
            return;
        }
        if (inquiry is not null && (now >= inquiryDeadline || Present.All(member => member.State is not null)))
            Announce(Inquiry.Result(inquiry, [.. Present.OrderBy(member => member.Place).Select(member => member.State)]));
    }

    private void Fail(Member member, string text)
    {
        var hello = member.Hello!;
        var rank = members.Contains(member) ? member.Place : hello.Rank;
        Announce(new RankMessage { Kind = MessageKind.Failure, Rank = rank, Text = $"rank {rank} (process {hello.Process} on {hello.Host}{(rank == hello.Rank ? "" : $", launched as rank {hello.Rank}")}) {text}" });
    }

    private void Announce(RankMessage message)
    {
        if (failure is not null) return;
        failure = message;
        Tell(message);
    }

    private void Tell(RankMessage message)
    {
        foreach (var member in Present)
            if (!member.IsGone) member.Channel.Send(message);
    }

    private static string List(int[] ranks) =>
        (ranks.Length == 1 ? "rank " : "ranks ") + (ranks.Length > 1 ? $"{string.Join(", ", ranks[..^1])} and {ranks[^1]}" : $"{ranks[0]}");

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private sealed class Member(MessageChannel channel)
    {
        public MessageChannel Channel => channel;

        public string Address { get; } = (channel.Socket.RemoteEndPoint as System.Net.IPEndPoint)?.Address.ToString() ?? "";

        public RankMessage? Hello { get; set; }

        /// <summary>The rank in the mesh.</summary>
        public int Place { get; set; }

        public DateTime Heard { get; set; }

        public bool IsGone { get; set; }

        public bool HasLeft { get; set; }

        public RankMessage? State { get; set; }
    }
}
