using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>The collectives of a block that may run as one, gathered in program order.</summary>
internal sealed class Buckets
{
    private readonly Dictionary<string, Bucket> open = new(StringComparer.Ordinal);
    private readonly Dictionary<Value, Bucket> awaited = [];
    private readonly HashSet<Operation> held = [];
    private readonly List<Bucket> all = [];
    private ILookup<int, Bucket>? byPlace;

    /// <summary>Puts a collective into the bucket of its kind; where that is full, into a new one. One that waits for a bucket goes after that.</summary>
    public void Put(Operation collective, int at, string kind, double bytes, double most, int mostMembers)
    {
        var before = awaited.TryGetValue(collective.Operands[0], out var producer) ? producer : null;
        var key = before is null ? kind : before.Key + " > " + kind;
        if (open.TryGetValue(key, out var bucket) && (bucket.Bytes + bytes > most || bucket.Members.Count == mostMembers))
        {
            Close(bucket);
            before = awaited.TryGetValue(collective.Operands[0], out producer) ? producer : null;
            bucket = null;
        }

        if (bucket is null) all.Add(open[key] = bucket = new Bucket(key));
        bucket.Members.Add(collective);
        bucket.Bytes += bytes;
        bucket.Last = at;
        if (before is not null) bucket.Before.Add(before);
        held.Add(collective);
        awaited[collective.Result] = bucket;
    }

    /// <summary>Lets a weight's accumulation follow the bucket that its gradient is in; false where it is in none.</summary>
    public bool Defer(Operation accumulate)
    {
        if (!awaited.TryGetValue(accumulate.Operands[0], out var bucket)) return false;
        bucket.Followers.Add(accumulate);
        return held.Add(accumulate);
    }

    /// <summary>Closes the buckets whose results an operation uses.</summary>
    public void Need(Operation operation)
    {
        foreach (var value in Uses(operation))
            if (awaited.TryGetValue(value, out var bucket)) Close(bucket);
    }

    /// <summary>Whether the operation runs with a bucket.</summary>
    public bool Holds(Operation operation) => held.Contains(operation);

    /// <summary>The buckets that run behind the operation of an index, in order: one that waits for another may have been begun before it.</summary>
    public IEnumerable<Bucket> At(int index) => (byPlace ??= all.OrderBy(b => b.Depth).ToLookup(b => b.Place))[index];

    private void Close(Bucket bucket)
    {
        foreach (var before in bucket.Before) Close(before);
        if (open.TryGetValue(bucket.Key, out var current) && current == bucket) open.Remove(bucket.Key);
        foreach (var member in bucket.Members) awaited.Remove(member.Result);
    }

    private static IEnumerable<Value> Uses(Operation operation) =>
        operation.Operands.Concat(operation.Blocks.SelectMany(b => b.Operations.SelectMany(Uses).Concat(b.Yields)));

    /// <summary>Collectives that run as one.</summary>
    internal sealed class Bucket(string key)
    {
        public string Key { get; } = key;

        public List<Operation> Members { get; } = [];

        /// <summary>Accumulations of the members' results.</summary>
        public List<Operation> Followers { get; } = [];

        /// <summary>The buckets whose results the members reduce further.</summary>
        public HashSet<Bucket> Before { get; } = [];

        public double Bytes { get; set; }

        /// <summary>The index of the last member.</summary>
        public int Last { get; set; }

        /// <summary>The index of the operation behind which the bucket can run.</summary>
        public int Place => Before.Select(b => b.Place).Append(Last).Max();

        /// <summary>How many buckets it waits for, one after the other.</summary>
        public int Depth => Before.Select(b => b.Depth + 1).DefaultIfEmpty(0).Max();

        public IEnumerable<Operation> Combine()
        {
            var first = Members[0];
            return Followers.Prepend(Members.Count == 1 ? first : new Operation(
                first.Name, [.. Members.Select(m => m.Operands[0])], [.. Members.Select(m => m.Result)], CombinedOperands.Join(Members), first.Origin));
        }
    }
}
