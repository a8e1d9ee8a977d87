namespace GShard;

/// <summary>
/// Who writes what: every rank tells which boxes it holds of which tensors, and each box is written once, by one of the ranks that hold it.
/// The largest boxes are given first, each to the rank that has least to write, so that replicated tensors are spread evenly.
/// </summary>
internal static class WritePlan
{
    /// <summary>Of this rank's parts, those that it writes, in their order.</summary>
    /// <param name="parts">This rank's parts, in sections that are saved to folders of their own.</param>
    /// <param name="exchange">Tells every rank's bytes to all.</param>
    /// <param name="rank">This rank.</param>
    /// <exception cref="CheckpointException">The ranks disagree on a tensor, or do not hold all of it.</exception>
    public static TensorPart[][] Choose(IReadOnlyList<IReadOnlyList<TensorPart>> parts, Func<byte[], byte[][]> exchange, int rank)
    {
        var held = exchange(Describe(parts)).Select(Parse).ToArray();
        var boxes = new Dictionary<(int Section, string Name, string Box), Shared>();
        var wholes = new Dictionary<(int Section, string Name), Whole>();
        for (var holder = 0; holder < held.Length; holder++)
            foreach (var part in held[holder])
            {
                if (!wholes.TryGetValue((part.Section, part.Name), out var whole)) wholes.Add((part.Section, part.Name), whole = new Whole(part.Kind, holder, part.Count));
                if (whole.Kind != part.Kind)
                    throw new CheckpointException($"'{part.Name}' cannot be saved: it is {whole.Kind} on rank {whole.Rank}, but {part.Kind} on rank {holder}; every rank saves the same model.");
                if (part.Box.Length == 0) continue;
                var key = (part.Section, part.Name, part.Box);
                if (!boxes.TryGetValue(key, out var shared))
                {
                    boxes.Add(key, shared = new Shared(part.Bytes));
                    whole.Covered += part.BoxCount;
                }
                shared.Holders.Add(holder);
            }
        foreach (var ((_, name), whole) in wholes)
            if (whole.Covered != whole.Count)
                throw new CheckpointException($"'{name}' cannot be saved: the ranks hold {whole.Covered} of its {whole.Count} elements; save on the mesh that the model was sharded over.");

        var load = new long[held.Length];
        var mine = new HashSet<(int, string)>();
        foreach (var ((section, name, _), shared) in boxes.OrderByDescending(pair => pair.Value.Bytes).ThenBy(pair => pair.Key.Section).ThenBy(pair => pair.Key.Name, StringComparer.Ordinal).ThenBy(pair => pair.Key.Box, StringComparer.Ordinal))
        {
            var writer = shared.Holders.MinBy(holder => load[holder]);
            load[writer] += shared.Bytes;
            if (writer == rank) mine.Add((section, name));
        }
        return [.. parts.Select((section, i) => section.Where(part => part.Box is not null && mine.Contains((i, part.Name))).ToArray())];
    }

    private static byte[] Describe(IReadOnlyList<IReadOnlyList<TensorPart>> sections)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        for (var section = 0; section < sections.Count; section++)
            foreach (var part in sections[section])
            {
                writer.Write((byte)section);
                writer.Write(part.Name);
                writer.Write(part.Kind);
                writer.Write(Box.CountOf(part.GlobalShape));
                writer.Write(part.Box?.ToString() ?? "");
                writer.Write(part.Box?.Count ?? 0);
                writer.Write((part.Box?.Count ?? 0) * ElementType.Size(part.Tensor.dtype));
            }
        writer.Flush();
        return stream.ToArray();
    }

    private static List<Held> Parse(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var parts = new List<Held>();
        while (reader.BaseStream.Position < bytes.Length)
            parts.Add(new Held(reader.ReadByte(), reader.ReadString(), reader.ReadString(), reader.ReadInt64(), reader.ReadString(), reader.ReadInt64(), reader.ReadInt64()));
        return parts;
    }

    private sealed record Held(int Section, string Name, string Kind, long Count, string Box, long BoxCount, long Bytes);

    private sealed class Whole(string kind, int rank, long count)
    {
        public string Kind { get; } = kind;

        public int Rank { get; } = rank;

        public long Count { get; } = count;

        public long Covered { get; set; }
    }

    private sealed class Shared(long bytes)
    {
        public long Bytes { get; } = bytes;

        public List<int> Holders { get; } = [];
    }
}
