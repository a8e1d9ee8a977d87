using static TorchSharp.torch;

namespace GShard;

/// <summary>A tensor as files hold it.</summary>
internal sealed class StoredTensor
{
    private readonly List<Piece> pieces = [];

    private StoredTensor(ScalarType dtype, int dims)
    {
        Dtype = dtype;
        Shape = new long[dims];
    }

    public ScalarType Dtype { get; }

    /// <summary>The whole's shape: as far as its parts reach.</summary>
    public long[] Shape { get; }

    public IReadOnlyList<Piece> Pieces => pieces;

    public string Kind => TensorPart.KindOf(Dtype, Shape);

    /// <summary>What is wrong where the parts do not cover the whole, else null.</summary>
    public string? Missing
    {
        get
        {
            var covered = pieces.Sum(piece => piece.Box.Count);
            var count = Box.CountOf(Shape);
            return covered == count ? null : $"the files hold {covered} of the {count} elements of {Kind}";
        }
    }

    /// <summary>The tensors of some files by name.</summary>
    /// <exception cref="CheckpointException">Two files disagree on a tensor.</exception>
    public static Dictionary<string, StoredTensor> Gather(IEnumerable<(string Path, SafeTensorsHeader Header)> files)
    {
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        var file = 0;
        foreach (var (path, header) in files)
        {
            foreach (var (entry, box) in ShardingInfo.BoxesOf(header, path))
            {
                if (!tensors.TryGetValue(entry.Name, out var tensor)) tensors.Add(entry.Name, tensor = new StoredTensor(entry.Dtype, entry.Shape.Length));
                if (tensor.Dtype != entry.Dtype || tensor.Shape.Length != entry.Shape.Length)
                    throw new CheckpointException($"'{path}' has a part of '{entry.Name}' as {TensorPart.KindOf(entry.Dtype, entry.Shape)}, but another file as {tensor.Kind}.");
                tensor.Add(new Piece(file, entry, box));
            }
            file++;
        }
        return tensors;
    }

    private void Add(Piece piece)
    {
        // A copy of a part that another file has too.
        if (pieces.Exists(other => other.Box.Offset.AsSpan().SequenceEqual(piece.Box.Offset) && other.Box.Shape.AsSpan().SequenceEqual(piece.Box.Shape))) return;
        pieces.Add(piece);
        for (var dim = 0; dim < Shape.Length; dim++) Shape[dim] = Math.Max(Shape[dim], piece.Box.Offset[dim] + piece.Box.Shape[dim]);
    }

    /// <summary>A box of the tensor in a file.</summary>
    internal sealed record Piece(int File, SafeTensorsEntry Entry, Box Box);
}
