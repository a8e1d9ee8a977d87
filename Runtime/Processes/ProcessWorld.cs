using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;

namespace GShard;

/// <summary>The ranks as processes, seen from one of them: its groups, its last collectives, and what it knows of the others.</summary>
internal sealed class ProcessWorld : RankWorld
{
    /// <summary>How long a broken connection waits for the reason.</summary>
    private static readonly TimeSpan ReasonTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan EchoTime = TimeSpan.FromSeconds(1);

    /// <summary>How much later than the rank at fault the others end, so that launchers, which take the first to end for the cause, name that one.</summary>
    private static readonly TimeSpan BehindTheCause = TimeSpan.FromSeconds(1);

    private readonly MeshOptions options;
    private readonly ProcessBackend backend;
    private readonly Coordinator? coordinator;
    private readonly CoordinatorLink link;
    private readonly CollectiveLog log = new();
    private readonly HostMeetings meetings;
    private readonly Dictionary<string, long> counts = [];
    private readonly Dictionary<int, RankMessage> left = [];
    private readonly ManualResetEventSlim failed = new();
    private readonly ManualResetEventSlim announced = new();
    private readonly ManualResetEventSlim ended = new();
    private readonly HashSet<int> gone = [];
    private readonly bool endsProcess;
    private volatile RankMessage? failure;
    private bool isDisposed;

    /// <summary>Meets the other processes.</summary>
    /// <param name="launch">What the launcher has told.</param>
    /// <param name="shape">The mesh, of as many ranks as were launched.</param>
    /// <param name="options">The options.</param>
    /// <param name="endsProcess">Whether a failure elsewhere ends this process, where it does not unwind by itself.</param>
    /// <exception cref="LaunchException">The ranks did not come together.</exception>
    public ProcessWorld(LaunchInfo launch, MeshShape shape, MeshOptions options, bool endsProcess)
    {
        this.options = options;
        this.endsProcess = endsProcess;
        Shape = shape;
        Timeout = options.Timeout;
        backend = ProcessBackend.Create(options.Backend);
        meetings = new HostMeetings(message => link!.Send(message));
        try
        {
            string? token = null;
            if (launch.Rank == 0)
            {
                coordinator = new Coordinator(Listen(launch), launch.Run, launch.Ranks, options);
                token = backend.Serve(options);
            }
            link = new CoordinatorLink(launch, Hello(launch, token), options, Receive);
            var roster = link.Roster.Roster!;
            Rank = Array.FindIndex(roster, entry => entry.Rank == launch.Rank);
            backend.Connect(launch.Rank == 0 ? "127.0.0.1" : launch.Address, link.Roster.Token!, Interface(roster), options);
        }
        catch
        {
            link?.Dispose();
            coordinator?.Dispose();
            backend.Dispose();
            throw;
        }
        if (endsProcess) SayPlace(launch.Rank);
        if (endsProcess) AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
    }

    public int Rank { get; }

    public override MeshShape Shape { get; }

    public override TimeSpan Timeout { get; set; }

    public override bool OverlapsGradients => options.OverlapGradients;

    /// <summary>Whether calls are compared with the member that they come from.</summary>
    public bool NamesSites => options.CheckCollectives;

    public override CollectiveLog Log(int rank) => log;

    public override CollectiveGroup Join(string name, int[] ranks, int member) => backend.Join(this, name, ranks, member);

    /// <summary>Begins a meeting with the other ranks of a group over the host.</summary>
    public HostMeetings.Meeting Meet(int[] ranks, ReadOnlySpan<byte> words) => meetings.Begin(Rank, ranks, words);

    /// <summary>Whether sums are taken in rank order however large they are.</summary>
    public bool AlwaysSumsInOrder => options.AllReduce == AllReduceOrder.Ordered;

    /// <summary>Whether the backend's own sums are taken where it has them.</summary>
    public bool SumsNatively => options.AllReduce == AllReduceOrder.Native;

    /// <summary>Notes a collective that is about to be called.</summary>
    public void Begin(RankGroup group, CollectiveCall call)
    {
        log.Record(group.Name, call);
        lock (counts) CollectionsMarshal.GetValueRefOrAddDefault(counts, group.Key, out _)++;
        if (failure is not null) throw Consequence(group.Name, call);
    }

    /// <summary>Fails where a collective that is waited for will not come about.</summary>
    public void LookAfter(RankGroup group, CollectiveCall call)
    {
        var axis = group.Name;
        if (failure is not null) throw Consequence(axis, call);
        foreach (var rank in group.Ranks)
        {
            RankMessage? message;
            lock (left)
                if (!left.TryGetValue(rank, out message)) continue;
            long mine;
            lock (counts) mine = counts.GetValueOrDefault(group.Key);
            if (message.Counts!.GetValueOrDefault(group.Key) >= mine) continue;
            throw Failed(axis, call, rank, $"rank {rank} has returned, but rank {Rank} waits for it in {Place(axis, call)}; every rank must call the same collectives in the same order.\n  rank {rank}: {message.Text}\n  rank {Rank}: {log.History()}");
        }
    }

    /// <summary>The failure of a wait that has lasted too long: the coordinator finds out for whom.</summary>
    public CollectiveException TimedOut(RankGroup group, CollectiveCall call)
    {
        var axis = group.Name;
        link.Send(State(MessageKind.Stuck) with
        {
            Collective = Place(axis, call),
            Group = group.Key,
            Members = group.Ranks,
            Seconds = Timeout.TotalSeconds,
        });
        if (failed.Wait(ReasonTime)) return Consequence(axis, call);
        return Failed(axis, call, Rank, $"rank {Rank} waited {Timeout.TotalSeconds:0.###} s in {Place(axis, call)}, and rank 0 does not say for whom.\n  rank {Rank}: {log.History()}");
    }

    /// <summary>The failure of a connection: another rank is gone, and the coordinator knows which.</summary>
    public CollectiveException Lost(string axis, CollectiveCall call, Exception exception)
    {
        if (failed.Wait(ReasonTime)) return Consequence(axis, call);
        return Failed(axis, call, Rank, $"rank {Rank} lost its connection to another rank in {Place(axis, call)}: {exception.Message}", exception);
    }

    /// <summary>Tells all ranks that a backend has failed on its own accord, unless another rank is the cause.</summary>
    public void Broke(string text)
    {
        if (!failed.Wait(ReasonTime)) Announce(Rank, log.Last, $"rank {Rank}, in or after {log.Last}: {text}");
    }

    /// <summary>The failure of ranks that call different collectives.</summary>
    public CollectiveException Disagreed(string axis, CollectiveCall call, int rank, string message) =>
        Failed(axis, call, rank, $"{message} Rank {Rank} called it in {CallSite.Current()}.\n  rank {Rank}: {log.History()}");

    /// <summary>Tells all ranks that this one has failed, and writes the launcher's error file; where another is at fault, waits for that one's end.</summary>
    public void Report(Exception exception)
    {
        ErrorFile.Write(exception.Message, exception.ToString(), IsCause);
        if (!IsCause && endsProcess) AwaitEnd(failure!.Rank);
        if (exception is CollectiveException { IsConsequence: true } or LaunchException || failure is not null) return;
        Announce(Rank, log.Last, exception is CollectiveException ? exception.Message : $"rank {Rank} failed in or after {log.Last}: {exception.GetType().Name}: {exception.Message}{(CallSite.Of(exception) is { } place ? $" (in {place})" : "")}");
    }

    public override void Leave()
    {
        if (isDisposed) return;
        isDisposed = true;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;
        link.Send(State(MessageKind.Left));
        // Rank 0 serves the others, and connections end together.
        WaitHandle.WaitAny([ended.WaitHandle, failed.WaitHandle]);
        if (failure is null) backend.Dispose();
        // Where the process lives on, so would exchanges for which nobody waits any more; some end only with their time-out.
        else if (!endsProcess) new Thread(backend.Dispose) { Name = "GShard end of connections", IsBackground = true }.Start();
        // The end of this process is what closes its connections then: launchers take the first to end for the cause, and others wait for that.
        if (failure is not null && endsProcess) return;
        link.Dispose();
        coordinator?.Dispose();
    }

    private CollectiveException Failed(string axis, CollectiveCall call, int rank, string message, Exception? inner = null)
    {
        var collective = $"{call.Kind} over '{axis}'";
        Announce(rank, collective, message);
        return new CollectiveException(message, rank, collective, inner: inner);
    }

    private static string Place(string axis, CollectiveCall call) => $"{call} over '{axis}' (called by {CallSite.Current()})";

    private CollectiveException Consequence(string axis, CollectiveCall call)
    {
        var collective = $"{call.Kind} over '{axis}'";
        return new CollectiveException($"rank {Rank}, {collective} (called by {CallSite.Current()}): {failure!.Text}", failure.Rank, collective, isConsequence: true);
    }

    private void Announce(int rank, string collective, string text)
    {
        var message = new RankMessage { Kind = MessageKind.Failure, Rank = rank, Collective = collective, Text = text };
        Note(message);
        // The coordinator tells everyone, this rank too: until then this process must not end.
        if (link.Send(message)) announced.Wait(EchoTime);
    }

    // Whether this rank is the one at fault, as far as is known.
    private bool IsCause => failure is not { } known || known.Rank == Rank;

    private void AwaitEnd(int rank)
    {
        var deadline = DateTime.UtcNow + options.Grace + (BehindTheCause / 2);
        lock (gone)
            // Without rank 0 nobody tells of the others.
            while (!gone.Contains(rank) && !gone.Contains(0) && deadline - DateTime.UtcNow is { Ticks: > 0 } left) Monitor.Wait(gone, left);
    }

    private void NoteEnd(int rank)
    {
        lock (gone)
        {
            gone.Add(rank);
            Monitor.PulseAll(gone);
        }
    }

    private void Note(RankMessage message)
    {
        if (Interlocked.CompareExchange(ref failure, message, null) is not null) return;
        failed.Set();
        new Thread(backend.Abort) { Name = "GShard end of exchanges", IsBackground = true }.Start();
    }

    // On the link's thread.
    private void Receive(RankMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.Failure:
                announced.Set();
                Note(message);
                if (endsProcess) ProcessEnd.After(options.Grace + (IsCause ? TimeSpan.Zero : BehindTheCause), $"GShard: rank {Rank} ends, last seen in {log.Last}: {failure!.Text}", IsCause);
                break;
            case MessageKind.Gone:
                NoteEnd(message.Rank);
                break;
            case MessageKind.State:
                link.Send(State(MessageKind.State));
                break;
            case MessageKind.Calls:
                meetings.Deliver(message);
                break;
            case MessageKind.Left:
                lock (left) left[message.Rank] = message;
                break;
            case MessageKind.End:
                ended.Set();
                break;
        }
    }

    private RankMessage State(MessageKind kind)
    {
        lock (counts)
            return new RankMessage { Kind = kind, Rank = Rank, Text = log.History(), Collective = log.Last, Counts = new(counts) };
    }

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs e)
    {
        if (e.ExceptionObject is Exception exception) Report(exception);
    }

    private RankMessage Hello(LaunchInfo launch, string? token)
    {
        var settings = options.Settings();
        settings["the mesh"] = Shape.ToString();
        backend.Describe(settings);
        settings["build"] = string.Join(' ', new[] { Assembly.GetEntryAssembly(), typeof(ProcessWorld).Assembly }.OfType<Assembly>().Select(a => $"{a.GetName().Name} {a.ManifestModule.ModuleVersionId:N}"));
        return new RankMessage
        {
            Kind = MessageKind.Hello,
            Rank = launch.Rank,
            Ranks = launch.Ranks,
            Run = launch.Run,
            Host = Environment.MachineName,
            Process = Environment.ProcessId,
            Settings = settings,
            Token = token,
        };
    }

    // The interface by which this process reaches the others.
    private string Interface(RankMessage[] roster)
    {
        var local = IPAddress.Parse(link.LocalAddress);
        if (local.IsIPv4MappedToIPv6) local = local.MapToIPv4();
        if (!IPAddress.IsLoopback(local) || roster.All(entry => IPAddress.Parse(entry.Address!) is var address && (IPAddress.IsLoopback(address) || (address.IsIPv4MappedToIPv6 && IPAddress.IsLoopback(address.MapToIPv4())))))
            return local.ToString();
        // Rank 0 reaches itself by the loopback; the others reach it by the address that its name has for them.
        return Dns.GetHostAddresses(Dns.GetHostName()).FirstOrDefault(address => !IPAddress.IsLoopback(address))?.ToString() ?? local.ToString();
    }

    // Launchers' prefixes have the number that they gave, errors the one in the mesh.
    private void SayPlace(int launched)
    {
        if (Rank != launched) Console.Error.WriteLine($"GShard: launched as rank {launched}, this process is rank {Rank} of the mesh, which errors name: ranks are laid out host by host.");
        if (Rank == 0 && HostLayout.Warning(Shape, [.. link.Roster.Roster!.Select(entry => entry.Host!)]) is { } warning) Console.Error.WriteLine($"GShard: warning: {warning}");
    }

    private static Socket Listen(LaunchInfo launch)
    {
        foreach (var port in launch.Ports)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (socket.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = true;
                socket.Bind(new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, port));
                socket.Listen(launch.Ranks + 16);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
        }
        throw new LaunchException($"Port {string.Join(" and ", launch.Ports)} of {Environment.MachineName} {(launch.Ports.Length == 1 ? "is" : "are")} taken by another program, and rank 0 needs {(launch.Ports.Length == 1 ? "it" : "one of them")}; name a free one (GSHARD_PORT), the same on every rank.");
    }
}
