using System.Net.Sockets;
using System.Text;

namespace GShard;

/// <summary>Messages over one TCP connection. Received by one thread; sent by any.</summary>
internal sealed class MessageChannel : IDisposable
{
    // A peer that is stopped reads nothing: nobody waits for it long.
    private const int SendTimeoutMilliseconds = 2000;

    private readonly object gate = new();
    private readonly byte[] buffer = new byte[16 * 1024];
    private readonly List<byte> partial = [];

    public MessageChannel(Socket socket)
    {
        Socket = socket;
        socket.NoDelay = true;
        socket.SendTimeout = SendTimeoutMilliseconds;
    }

    public Socket Socket { get; }

    /// <summary>Sends a message; false where the connection is gone.</summary>
    public bool Send(RankMessage message)
    {
        var line = message.ToLine();
        lock (gate)
        {
            try
            {
                for (var sent = 0; sent < line.Length;) sent += Socket.Send(line.AsSpan(sent));
                return true;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>The messages that have come; waits for at most so long. Null at the end of the connection, or where what comes is no message.</summary>
    public List<RankMessage>? Receive(TimeSpan limit)
    {
        var messages = new List<RankMessage>();
        try
        {
            if (!Socket.Poll(limit, SelectMode.SelectRead)) return messages;
            var count = Socket.Receive(buffer);
            if (count == 0) return null;
            foreach (var b in buffer.AsSpan(0, count))
            {
                if (b != '\n')
                {
                    partial.Add(b);
                    continue;
                }
                if (RankMessage.Parse(Encoding.UTF8.GetString([.. partial])) is not { } message) return null;
                messages.Add(message);
                partial.Clear();
            }
            return messages;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    public void Dispose() => Socket.Dispose();
}
