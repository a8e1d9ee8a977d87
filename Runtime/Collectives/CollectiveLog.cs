namespace GShard;

/// <summary>The last collectives of one rank, for failure messages. Written by its rank and by the threads of what it has started; read by others when something has failed.</summary>
internal sealed class CollectiveLog
{
    private const int Capacity = 64;
    private readonly (string Axis, CollectiveCall Call)[] ring = new (string, CollectiveCall)[Capacity];
    private long count;

    public void Record(string axis, CollectiveCall call)
    {
        lock (ring)
        {
            // The operand's memory is not kept alive by a record: it holds addresses only.
            ring[count % Capacity] = (axis, call);
            Volatile.Write(ref count, count + 1);
        }
    }

    /// <summary>The latest collective, or a remark that there was none.</summary>
    public string Last => Volatile.Read(ref count) is > 0 and var n ? Text(ring[(n - 1) % Capacity]) : "no collective";

    /// <summary>The number of collectives so far.</summary>
    public long Count => Volatile.Read(ref count);

    /// <summary>The collectives from the <paramref name="first"/> on, counted from 0, of which the last 64 are known.</summary>
    public string[] Since(long first)
    {
        var n = Count;
        var start = Math.Max(first, n - Capacity);
        return [.. Enumerable.Range(0, (int)(n - start)).Select(i => Text(ring[(start + i) % Capacity]))];
    }

    /// <summary>The last 64 collectives, oldest first, with repeats counted.</summary>
    public string History()
    {
        var n = Volatile.Read(ref count);
        var entries = new List<(string Text, int Times)>();
        for (var i = Math.Max(0, n - Capacity); i < n; i++)
        {
            var text = Text(ring[i % Capacity]);
            if (entries.Count > 0 && entries[^1].Text == text) entries[^1] = (text, entries[^1].Times + 1);
            else entries.Add((text, 1));
        }
        var shown = string.Join("; ", entries.Select(entry => entry.Times == 1 ? entry.Text : $"{entry.Text} ×{entry.Times}"));
        return n == 0 ? "no collective" : n > Capacity ? $"… {n - Capacity} before; {shown}" : shown;
    }

    private static string Text((string Axis, CollectiveCall Call) entry) => $"{entry.Call} over '{entry.Axis}'";
}
