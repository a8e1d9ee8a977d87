using System.Globalization;
using System.Net.Sockets;

namespace GShard;

/// <summary>A rank's connection to the coordinator, and the thread that listens to it while the rank computes.</summary>
internal sealed class CoordinatorLink : IDisposable
{
    private readonly MessageChannel channel;
    private readonly MeshOptions options;
    private readonly Action<RankMessage> receive;
    private readonly Thread thread;
    private volatile bool closed;

    /// <summary>Meets the other ranks.</summary>
    /// <param name="launch">Where rank 0 is.</param>
    /// <param name="hello">What this rank says of itself.</param>
    /// <param name="options">The time-outs.</param>
    /// <param name="receive">Called on the link's thread for every message after the roster, and for the end of the connection.</param>
    /// <exception cref="LaunchException">The ranks did not come together.</exception>
    public CoordinatorLink(LaunchInfo launch, RankMessage hello, MeshOptions options, Action<RankMessage> receive)
    {
        this.options = options;
        this.receive = receive;
        var deadline = DateTime.UtcNow + options.StartTimeout;
        channel = Connect(launch, deadline);
        LocalAddress = (channel.Socket.LocalEndPoint as System.Net.IPEndPoint)?.Address.ToString() ?? "127.0.0.1";
        channel.Send(hello);
        Roster = AwaitRoster(hello, deadline);
        thread = new Thread(Listen) { Name = "GShard coordinator link", IsBackground = true };
        thread.Start();
    }

    /// <summary>The address by which this rank reached rank 0.</summary>
    public string LocalAddress { get; }

    /// <summary>All ranks, in the order of the mesh.</summary>
    public RankMessage Roster { get; }

    public bool Send(RankMessage message) => channel.Send(message);

    public void Dispose()
    {
        closed = true;
        if (Thread.CurrentThread != thread) thread.Join();
        channel.Dispose();
    }

    private static MessageChannel Connect(LaunchInfo launch, DateTime deadline)
    {
        var problem = "";
        var start = DateTime.UtcNow;
        while (true)
        {
            foreach (var port in launch.Ports)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
                    socket.ConnectAsync(launch.Address, port, limit.Token).AsTask().GetAwaiter().GetResult();
                    var channel = new MessageChannel(socket);
                    if (channel.Receive(TimeSpan.FromSeconds(3)) is [{ Kind: MessageKind.Greeting } greeting, ..] && greeting.Run == launch.Run) return channel;
                    problem = $"what listens there is not rank 0 of run '{launch.Run}'";
                }
                catch (Exception e) when (e is SocketException or OperationCanceledException)
                {
                    problem = e is SocketException ? e.Message : "no answer";
                }
                socket.Dispose();
                if (DateTime.UtcNow < deadline) continue;
                var seconds = (DateTime.UtcNow - start).TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
                throw new LaunchException($"Rank {launch.Rank} did not find rank 0 at {launch.Address}:{string.Join('/', launch.Ports)} within {seconds} s ({problem}); see whether rank 0 has started, or name another address and port (MASTER_ADDR and GSHARD_PORT).") { IsConsequence = true };
            }
            Thread.Sleep(50);
        }
    }

    private RankMessage AwaitRoster(RankMessage hello, DateTime deadline)
    {
        // The coordinator ends the wait itself, with a better sentence.
        var limit = deadline + TimeSpan.FromSeconds(5);
        var nextBeat = DateTime.UtcNow;
        while (DateTime.UtcNow < limit)
        {
            if (DateTime.UtcNow >= nextBeat)
            {
                channel.Send(new RankMessage { Kind = MessageKind.Beat });
                nextBeat = DateTime.UtcNow + options.BeatInterval;
            }
            if (channel.Receive(TimeSpan.FromMilliseconds(100)) is not { } messages)
                throw new LaunchException($"Rank {hello.Rank} lost rank 0 before all {hello.Ranks} ranks had started; see what rank 0 printed.") { IsConsequence = true };
            foreach (var message in messages)
            {
                if (message.Kind == MessageKind.Roster) return message;
                if (message.Kind == MessageKind.Failure) throw new LaunchException($"Rank {hello.Rank} cannot start: {message.Text}.") { IsConsequence = message.Rank != hello.Rank };
            }
        }
        throw new LaunchException($"Rank {hello.Rank} reached rank 0, which did not answer; see what rank 0 printed.") { IsConsequence = true };
    }

    private void Listen()
    {
        var (heard, nextBeat, turn) = (DateTime.UtcNow, DateTime.UtcNow, DateTime.UtcNow);
        while (!closed)
        {
            var messages = channel.Receive(TimeSpan.FromMilliseconds(50));
            var now = DateTime.UtcNow;
            if (closed) return;
            if (messages is null)
            {
                Lose("rank 0 ended without a word: it was killed, or has crashed; see what it printed");
                return;
            }
            // This process may have been stopped itself.
            if (messages.Count > 0 || now - turn > TimeSpan.FromSeconds(2)) heard = now;
            turn = now;
            foreach (var message in messages)
            {
                if (message.Kind != MessageKind.Beat) receive(message);
                if (message.Kind == MessageKind.End) return;
            }
            if (now >= nextBeat)
            {
                channel.Send(new RankMessage { Kind = MessageKind.Beat });
                nextBeat = now + options.BeatInterval;
            }
            if (now - heard <= options.Heartbeat) continue;
            Lose(string.Create(CultureInfo.InvariantCulture, $"rank 0 has not answered for {(now - heard).TotalSeconds:0.#} s: it is stopped, or cut off from this rank"));
            return;
        }
    }

    private void Lose(string text)
    {
        receive(new RankMessage { Kind = MessageKind.Failure, Text = text });
        receive(new RankMessage { Kind = MessageKind.Gone });
    }
}
