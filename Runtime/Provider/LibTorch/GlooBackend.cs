using System.Globalization;
using System.Runtime.InteropServices;
using GShard.Torch;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Gloo, as libtorch's c10d has it: TCP between processes and hosts, over host memory.</summary>
internal sealed class GlooBackend : HostBackend
{
    private TimeSpan limit;
    private Func<KeyValueStore>? reach;
    private KeyValueStore? server;
    private KeyValueStore? store;
    private string address = "";

    private GlooBackend()
    {
    }

    public static ProcessBackend Create() => GlooGroup.IsAvailable
        ? new GlooBackend()
        : throw new LaunchException("The libtorch in use was built without Gloo; take one with it, or another backend.");

    public override string Serve(MeshOptions options)
    {
        server = KeyValueStore.Serve("127.0.0.1", options.StartTimeout);
        return server.Port.ToString(CultureInfo.InvariantCulture);
    }

    public override void Connect(string host, string token, string address, MeshOptions options)
    {
        // Waits are watched by the collectives themselves, and Gloo's own time-out would spoil the group.
        limit = TimeSpan.FromHours(1) + (2 * options.Timeout);
        reach = () => KeyValueStore.Connect(host, int.Parse(token, CultureInfo.InvariantCulture), options.StartTimeout);
        store = server ?? reach();
        this.address = address;
    }

    public override bool Sums(ScalarType dtype) => dtype is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Int64 or ScalarType.Int32 or ScalarType.Byte;

    protected override IExchange Open(string key, int member, int size)
    {
        try
        {
            // Members connect groups from several threads, in another order than others do, and a connection to the store waits for one key at a time.
            using var own = reach!();
            using var prefixed = own.WithPrefix($"gshard/{key}/");
            return new GlooExchange(new GlooGroup(prefixed, member, size, address, limit));
        }
        catch (ExternalException e)
        {
            throw new ExchangeException(e.Message, e);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        store?.Dispose();
        server?.Dispose();
    }

    private sealed class GlooExchange(GlooGroup group) : IExchange
    {
        public IExchangeWork Send(int member, int tag, MemoryRun message) => Started(() => group.Send(member, tag, message.Pointer, message.Bytes));

        public IExchangeWork Receive(int member, int tag, MemoryRun message) => Started(() => group.Receive(member, tag, message.Pointer, message.Bytes));

        public IExchangeWork Sum(nint data, long count, ScalarType dtype) => Started(() => group.AllReduce(data, count, dtype, GlooReduction.Sum));

        public void Dispose() => group.Dispose();

        private static Work Started(Func<GlooWork> start)
        {
            try
            {
                return new Work(start());
            }
            catch (ExternalException e)
            {
                throw new ExchangeException(e.Message, e);
            }
        }
    }

    private sealed class Work(GlooWork work) : IExchangeWork
    {
        public bool Wait(TimeSpan limit)
        {
            try
            {
                return work.Wait(limit);
            }
            catch (ExternalException e)
            {
                throw new ExchangeException(e.Message, e);
            }
        }

        public void Dispose() => work.Dispose();
    }
}
