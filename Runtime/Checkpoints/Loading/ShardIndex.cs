using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The tensors of a set of safetensors files, each whole or in parts that lie in several. Every file's header is read by one rank, which tells
/// the others; a part's bytes are read by the ranks that need some of them.
/// </summary>
internal sealed class ShardIndex : IDisposable
{
    private readonly Dictionary<string, StoredTensor> byName;
    private readonly SafeTensorsReader?[] readers;
    private readonly string[] paths;
    private readonly SafeTensorsHeader[] headers;
    private readonly string description;

    private ShardIndex(string description, string[] paths, SafeTensorsHeader[] headers)
    {
        this.description = description;
        this.paths = paths;
        this.headers = headers;
        readers = new SafeTensorsReader?[paths.Length];
        byName = StoredTensor.Gather(paths.Zip(headers));
    }

    /// <summary>Bytes of tensors that this rank has read.</summary>
    public long BytesRead => readers.Sum(reader => reader?.BytesRead ?? 0);

    /// <summary>Opens files on all ranks.</summary>
    /// <param name="mesh">The mesh, or null for a program of one rank.</param>
    /// <param name="description">The checkpoint, as errors name it.</param>
    /// <param name="paths">The files, the same on every rank.</param>
    /// <param name="check">Checks a file further; called on one rank.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static ShardIndex Open(DeviceMesh? mesh, string description, string[] paths, Action<string>? check = null)
    {
        var (rank, ranks) = mesh is null ? (0, 1) : (mesh.Rank, mesh.Size);
        var told = RankMessages.Agree(mesh, () =>
        {
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream, Encoding.UTF8);
            for (var i = rank; i < paths.Length; i += ranks)
            {
                check?.Invoke(paths[i]);
                using var file = OpenFile(paths[i]);
                var json = SafeTensorsHeader.ReadJson(file, paths[i]);
                writer.Write(i);
                writer.Write(file.Length);
                writer.Write(json.Length);
                writer.Write(json);
                // A damaged header is found by the rank that read it, before the others see it.
                SafeTensorsHeader.Parse(json, file.Length, paths[i]);
            }
            writer.Flush();
            return stream.ToArray();
        });
        var headers = new SafeTensorsHeader[paths.Length];
        foreach (var message in told)
        {
            using var reader = new BinaryReader(new MemoryStream(message));
            while (reader.BaseStream.Position < message.Length)
            {
                var i = reader.ReadInt32();
                var length = reader.ReadInt64();
                headers[i] = SafeTensorsHeader.Parse(reader.ReadBytes(reader.ReadInt32()), length, paths[i]);
            }
        }
        return new ShardIndex(description, paths, headers);
    }

    /// <summary>The element type of a stored tensor.</summary>
    /// <exception cref="CheckpointException">There is none of that name.</exception>
    public ScalarType DtypeOf(string name) => byName.TryGetValue(name, out var stored)
        ? stored.Dtype
        : throw new CheckpointException($"Checkpoint '{description}' lacks '{name}'.");

    /// <summary>Holds what is stored against what is to be loaded; the same on every rank.</summary>
    /// <param name="parts">What is to be loaded.</param>
    /// <param name="owner">Whose tensors they are, as in <c>the model</c>.</param>
    /// <exception cref="CheckpointException">A tensor is missing or superfluous, of another shape or type, or stored incompletely.</exception>
    public void Check(IReadOnlyList<TensorPart> parts, string owner)
    {
        var names = parts.SelectMany(part => part.Aliases.Prepend(part.Name)).ToHashSet(StringComparer.Ordinal);
        var missing = parts.Where(part => !StoredFor(part).Any()).Select(part => part.Name).ToArray();
        if (missing.Length > 0) throw new CheckpointException($"Checkpoint '{description}' lacks {Few(missing)} of {owner}.");
        var extra = byName.Keys.Where(name => !names.Contains(name)).Order(StringComparer.Ordinal).ToArray();
        if (extra.Length > 0) throw new CheckpointException($"Checkpoint '{description}' has {Few(extra)}, which {owner} lacks.");
        foreach (var (part, stored) in parts.SelectMany(part => StoredFor(part).Select(stored => (part, stored))))
        {
            // Where the last part is missing, the stored whole looks smaller; then that is what is wrong.
            if (stored.Missing is { } gap) throw new CheckpointException($"Checkpoint '{description}' has only parts of '{part.Name}': {gap}.");
            if (stored.Kind != part.Kind)
                throw new CheckpointException($"Checkpoint '{description}' has '{part.Name}' as {stored.Kind}, but {owner}'s is {part.Kind}.");
        }
    }

    /// <summary>Opens the files that this rank reads its boxes from, and compares what is stored of tied weights under several names.</summary>
    /// <exception cref="CheckpointException">A file cannot be opened, or tied weights differ.</exception>
    public void OpenFor(IEnumerable<TensorPart> parts)
    {
        foreach (var part in parts)
        {
            var stored = StoredFor(part).ToArray();
            foreach (var piece in stored[0].Pieces)
                if (part.Box?.Intersect(piece.Box) is not null) ReaderOf(piece.File);
            if (stored.Length == 1 || part.Box is not { } box) continue;
            var copies = stored.Select(one => Read(one, box, part.Tensor.dtype)).ToArray();
            var same = copies.All(copy => copy.allclose(copies[0], rtol: 0, atol: 0, equal_nan: true));
            foreach (var copy in copies) copy.Dispose();
            if (!same) throw new CheckpointException($"Checkpoint '{description}' has different '{part.Name}' and '{string.Join("', '", part.Aliases)}', which are one tensor in the model.");
        }
    }

    /// <summary>Reads this rank's box of a tensor into the part.</summary>
    /// <exception cref="CheckpointException">A file cannot be read.</exception>
    public void Read(TensorPart part)
    {
        if (part.Box is not { } box || box.Count == 0) return;
        var stored = StoredFor(part).First();
        if (part.Tensor.device.type == DeviceType.CPU && part.Tensor.is_contiguous())
        {
            Read(stored, box, part.Tensor);
            return;
        }
        using var host = Read(stored, box, part.Tensor.dtype);
        using var shaped = host.reshape(part.Tensor.shape);
        part.Tensor.copy_(shaped);
    }

    public void Dispose()
    {
        foreach (var reader in readers) reader?.Dispose();
    }

    // Several only for tied weights.
    private IEnumerable<StoredTensor> StoredFor(TensorPart part) =>
        part.Aliases.Prepend(part.Name).Select(name => byName.GetValueOrDefault(name)).OfType<StoredTensor>();

    private Tensor Read(StoredTensor stored, Box box, ScalarType dtype)
    {
        var result = empty(box.Shape, dtype);
        Read(stored, box, result);
        return result;
    }

    private void Read(StoredTensor stored, Box box, Tensor target)
    {
        foreach (var piece in stored.Pieces)
            if (box.Intersect(piece.Box) is { } common)
                ReaderOf(piece.File).ReadInto(piece.Entry, new Box(common.From(piece.Box.Offset), common.Shape), target, common.From(box.Offset));
    }

    private SafeTensorsReader ReaderOf(int file) => readers[file] ??= new SafeTensorsReader(paths[file], headers[file]);

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Checkpoint '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private static string Few(string[] names)
    {
        var quoted = names.Select(name => $"'{name}'").ToArray();
        return quoted.Length <= 4 ? string.Join(", ", quoted) : $"{string.Join(", ", quoted.Take(3))} and {quoted.Length - 3} more";
    }
}
