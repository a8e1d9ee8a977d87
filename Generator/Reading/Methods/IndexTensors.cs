using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>A tensor read at positions, of which several may be tensors of indices: those are broadcast together, and name elements of their dims at once.</summary>
internal sealed partial class MethodReader
{
    /// <summary>Positions of an indexer. A tensor of indices stands as a whole dim among them; where it lies after the others are applied, stands beside it.</summary>
    private sealed record Positions(ImmutableArray<IndexReading> Dims, ImmutableArray<(int Dim, Value Indices)> Tensors);

    private Positions? ReadPositions(IEnumerable<Reading> items, Value x, SyntaxNode at)
    {
        var dims = ImmutableArray.CreateBuilder<IndexReading>();
        var chosen = new Dictionary<int, Value>();
        foreach (var item in items)
        {
            if (item is TensorReading { Value: var indices }) chosen[dims.Count] = indices;
            var position = item is TensorReading ? new IndexReading(IndexKind.Slice) : item is HostReading { IsInteger: true } single ? new IndexReading(IndexKind.Single, single) : item as IndexReading;
            if (position is null)
            {
                if (item is UnknownReading) Unknown();
                else Refuse("GSH4002", at, "A tensor is indexed by whole numbers, ranges, '..', TensorIndex.Slice, TensorIndex.Ellipsis or TensorIndex.None, and by tensors of indices.");
                return null;
            }

            dims.Add(position);
        }

        var taken = dims.Count(p => p.Kind is IndexKind.Single or IndexKind.Slice);
        if (taken > x.Tensor.Rank)
        {
            Refuse("GSH1001", at, $"'{x.Name}' has {x.Tensor.Rank} dims, but is indexed by {taken} positions.");
            return null;
        }

        var tensors = ImmutableArray.CreateBuilder<(int, Value)>();
        for (var (i, dim) = (0, 0); i < dims.Count; i++)
        {
            if (chosen.TryGetValue(i, out var indices)) tensors.Add((dim, indices));
            dim += dims[i].Kind switch { IndexKind.Single => 0, IndexKind.Ellipsis => x.Tensor.Rank - taken, _ => 1 };
        }

        return new Positions(dims.ToImmutable(), tensors.ToImmutable());
    }

    private Reading ReadAt(Value x, Positions positions, SyntaxNode at)
    {
        if (positions.Tensors.Any(t => t.Indices.Tensor.Element == ElementType.Bool))
            return Refuse("GSH4009", at, "How many elements a mask chooses depends on its values, which may differ from rank to rank; keep the shape and choose by torch.where or masked_fill.");
        var whole = Positioned(x, positions, at);
        return whole is null ? UnknownReading.Instance : positions.Tensors.IsEmpty ? new TensorReading(whole) : Result(IndexedBy(whole, positions.Tensors, at));
    }

    /// <summary>What positions other than tensors leave of a tensor.</summary>
    private Value? Positioned(Value x, Positions positions, SyntaxNode at)
    {
        try
        {
            return Indexing.Apply(x, positions.Dims, (name, attributes, value) => Apply(name, attributes, [value], at)?[0], size => SizeOf(size, at));
        }
        catch (Compiler.Operators.ShapeException error)
        {
            Refuse("GSH4005", at, $"'{x.Name}' cannot be indexed so: {error.Message}");
            return null;
        }
    }

    /// <summary>The elements that tensors of indices name together: their dims in the place of the dims, first where those are not side by side.</summary>
    private Value? IndexedBy(Value x, ImmutableArray<(int Dim, Value Indices)> tensors, SyntaxNode at)
    {
        var (moved, first, _) = SideBySide(x, tensors, at);
        return moved is null || FlatIndices(x, tensors, at) is not { } indices ? null : IndexSelected(Merged(moved, first, tensors.Length, at), first, indices, at);
    }

    /// <summary>The tensor with the indexed dims side by side, which of its dims is the first of them, and the order that its dims were put in.</summary>
    private (Value? Moved, int First, ImmutableArray<int> Order) SideBySide(Value x, ImmutableArray<(int Dim, Value Indices)> tensors, SyntaxNode at)
    {
        ImmutableArray<int> dims = [.. tensors.Select(t => t.Dim)];
        if (dims.Select((d, i) => d == dims[0] + i).All(follows => follows)) return (x, dims[0], []);
        ImmutableArray<int> order = [.. dims, .. Enumerable.Range(0, x.Tensor.Rank).Except(dims)];
        return (One(at, "permute", Attributes.None.With("dims", order), x), 0, order);
    }

    private Value? Merged(Value x, int first, int count, SyntaxNode at)
    {
        var dims = x.Tensor.Dims;
        return count == 1 ? x : One(at, "reshape", Attributes.None.With("shape", [.. dims.Take(first), Dim.Product(dims.Skip(first).Take(count)), .. dims.Skip(first + count)]), x);
    }

    /// <summary>Indices into the indexed dims taken as one, row by row, from 0.</summary>
    private Value? FlatIndices(Value x, ImmutableArray<(int Dim, Value Indices)> tensors, SyntaxNode at)
    {
        Value? flat = null;
        foreach (var (dim, indices) in tensors)
        {
            var own = FromStart(indices, x.Tensor.Dims[dim], at);
            flat = flat is null ? own : One(at, "add", Attributes.None, Scalar(at, "mul_scalar", flat, CodeOf(x.Tensor.Dims[dim])), own);
        }

        return flat;
    }

    /// <summary>Indices of which negative ones count from the end, counted from 0; others than there are fail when they run.</summary>
    private Value? FromStart(Value indices, Dim size, SyntaxNode at) => One(at, "wrap_index", Attributes.None.With("size", size), indices);

    private Reading ReadTensorIndex(Value x, int dim, Value indices, SyntaxNode at) =>
        ReadAt(x, new Positions([], [(dim, indices)]), at);
}
