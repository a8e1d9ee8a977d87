using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>A tensor written at positions, <c>x[i, 2..4] = y</c> and <c>x.index_put_(y, i, j)</c>: a new tensor that takes the local's place.</summary>
internal sealed partial class MethodReader
{
    private Reading AssignAt(IPropertyReferenceOperation target, Reading value)
    {
        var at = target.Syntax;
        if (ReadExpression(target.Instance!) is not TensorReading { Value: var x })
            return Refuse("GSH4001", at, "An annotated method may not change fields or elements, because ranks would come to differ; keep values in locals and return them.");
        var instance = target.Instance!;
        while (instance is IConversionOperation conversion) instance = conversion.Operand;
        var local = instance switch { ILocalReferenceOperation reference => reference.Local, IParameterReferenceOperation parameter => parameter.Parameter, _ => (ISymbol?)null };
        if (local is null || SeenElsewhere(x, local, target.Parent ?? target) is { } why && why.Length > 0)
        {
            return Refuse("GSH4011", at, $"'{instance.Syntax}' is changed in place, which is not compiled where it {(local is null ? "is not a local variable" : SeenElsewhere(x, local, target.Parent ?? target))}; "
                + "make the parts first and join them with torch.cat or torch.stack, or choose with torch.where.");
        }

        if (ReadPositions(IndicesOf(target), x, at) is not { } positions || value is UnknownReading) return Unknown();
        return PutAt(x, positions, value, adds: false, at) is { } written ? Assign(local, new TensorReading(written)) : UnknownReading.Instance;
    }

    private Reading ReadIndexPut(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var items = arguments[2].Reading is ListReading list ? list.Items : [];
        var adds = arguments.FirstOrDefault(a => a.Name == "accumulate")?.Reading is HostReading { Truth: true };
        return ReadPositions(items, x, at) is { } positions ? Result(PutAt(x, positions, arguments[1].Reading, adds, at)) : UnknownReading.Instance;
    }

    /// <summary>The tensor with a value written, or added, at positions; null where that is refused.</summary>
    private Value? PutAt(Value x, Positions positions, Reading value, bool adds, SyntaxNode at)
    {
        if (positions is { Dims.Length: 1, Tensors: [{ Indices: { Tensor.Element: ElementType.Bool } mask }] }) return PutWhere(x, mask, value, adds, at);
        if (positions.Tensors.Any(t => t.Indices.Tensor.Element == ElementType.Bool))
            return RefuseValue("GSH4009", at, "A mask beside other positions is not compiled; choose with torch.where over a mask of the whole tensor.");
        if (positions.Dims.Any(p => p.Kind == IndexKind.NewAxis || p.Step != 1)) return RefuseValue("GSH4005", at, "A tensor is written at indices and at slices with the step 1; write others with torch.where.");
        if (CutsOf(x, positions, at) is not { } cuts) return null;
        var outer = new List<Value?> { x };
        foreach (var (dim, start, length, _) in cuts) outer.Add(Piece(outer[outer.Count - 1], dim, start, length, at));
        var inner = cuts.Where(c => c.Drops).Reverse().Aggregate(outer[outer.Count - 1], (whole, cut) => One(at, "squeeze", Attributes.None.With("dim", cut.Dim), whole));
        if (inner is null) return null;
        var written = positions.Tensors.IsEmpty ? Filled(inner, inner.Tensor.Dims, value, at) : PutIndexed(inner, positions.Tensors, value, adds, at);
        if (positions.Tensors.IsEmpty && adds) written = One(at, "add", Attributes.None, inner, written);
        written = cuts.Where(c => c.Drops).Aggregate(written, (part, cut) => One(at, "unsqueeze", Attributes.None.With("dim", cut.Dim), part));
        for (var i = cuts.Count - 1; i >= 0 && written is not null; i--) written = Surrounded(outer[i]!, written, cuts[i].Dim, cuts[i].Start, cuts[i].Length, at);
        return written;
    }

    /// <summary>The dims of which positions take a part: from where, how long, and whether the dim is dropped.</summary>
    private List<(int Dim, Dim Start, Dim Length, bool Drops)>? CutsOf(Value x, Positions positions, SyntaxNode at)
    {
        var cuts = new List<(int, Dim, Dim, bool)>();
        var (dim, rest) = (0, x.Tensor.Rank - positions.Dims.Count(p => p.Kind is IndexKind.Single or IndexKind.Slice));
        foreach (var position in positions.Dims)
        {
            if (position.Kind == IndexKind.Ellipsis) { dim += rest; continue; }
            var size = x.Tensor.Dims[dim];
            if (Indexing.Bound(position.Start, Dim.Zero, size, s => SizeOf(s, at)) is not { } start) return null;
            if (position.Kind == IndexKind.Single) cuts.Add((dim, start, Dim.One, true));
            else if (Indexing.Bound(position.Stop, size, size, s => SizeOf(s, at)) is not { } stop) return null;
            else if (start.Value != 0 || !stop.Equals(size)) cuts.Add((dim, start, stop - start, false));
            dim++;
        }

        return cuts;
    }

    private Value? Piece(Value? x, int dim, Dim start, Dim length, SyntaxNode at) => One(at, "narrow", Attributes.None.With("dim", dim).With("start", start).With("length", length), x);

    private Value? Surrounded(Value whole, Value part, int dim, Dim start, Dim length, SyntaxNode at)
    {
        var rest = whole.Tensor.Dims[dim] - start - length;
        var parts = new List<Value?>();
        if (start.Value != 0) parts.Add(Piece(whole, dim, Dim.Zero, start, at));
        parts.Add(part);
        if (rest.Value != 0) parts.Add(Piece(whole, dim, start + length, rest, at));
        return parts.Count == 1 ? part : One(at, "cat", Attributes.None.With("dim", dim), [.. parts]);
    }

    /// <summary>A value of these dims and of the tensor's element type.</summary>
    private Value? Filled(Value x, ImmutableArray<Dim> dims, Reading value, SyntaxNode at)
    {
        if (value is HostReading host) return One(at, "full", Attributes.Named(x.Tensor.Element.Text()).With("shape", dims).WithHost("value", host.Code));
        if (value is not TensorReading { Value: var given }) return RefuseValue("GSH4002", at, "A tensor or a number is written at positions of a tensor.");
        if (Cast(given, x.Tensor.Element, at) is not TensorReading cast) return null;
        return cast.Value.Tensor.Dims.SequenceEqual(dims) ? cast.Value : One(at, "expand", Attributes.None.With("shape", dims), cast.Value);
    }

    private Value? PutIndexed(Value x, ImmutableArray<(int Dim, Value Indices)> tensors, Reading value, bool adds, SyntaxNode at)
    {
        var (moved, first, order) = SideBySide(x, tensors, at);
        if (moved is null || FlatIndices(x, tensors, at) is not { } indices || Merged(moved, first, tensors.Length, at) is not { } merged) return null;
        var (before, after) = (merged.Tensor.Dims.Take(first).ToList(), merged.Tensor.Dims.Skip(first + 1).ToList());
        var source = Filled(x, [.. before, .. indices.Tensor.Dims, .. after], value, at);
        if (indices.Tensor.Rank != 1)
        {
            var count = Dim.Product(indices.Tensor.Dims);
            source = One(at, "reshape", Attributes.None.With("shape", [.. before, count, .. after]), source);
            indices = One(at, "reshape", Attributes.None.With("shape", [count]), indices)!;
        }

        var written = One(at, adds ? "index_add" : "index_copy", Attributes.None.With("dim", first), merged, indices, source);
        if (tensors.Length > 1) written = One(at, "reshape", Attributes.None.With("shape", moved.Tensor.Dims), written);
        return order.IsEmpty ? written : One(at, "permute", Attributes.None.With("dims", Enumerable.Range(0, order.Length).Select(d => order.IndexOf(d))), written);
    }

    private Value? PutWhere(Value x, Value mask, Reading value, bool adds, SyntaxNode at)
    {
        for (var dim = mask.Tensor.Rank; dim < x.Tensor.Rank; dim++) mask = One(at, "unsqueeze", Attributes.None.With("dim", dim), mask) ?? mask;
        switch (value)
        {
            case HostReading host when !adds: return One(at, "masked_fill", Attributes.None.WithHost("value", host.Code), x, mask);
            case HostReading host: return One(at, "where", Attributes.None, mask, Scalar(at, "add_scalar", x, host.Code), x);
            case TensorReading { Value: var given } when given.Tensor.Dims.All(d => d.IsOne):
                var one = given.Tensor.Rank == 0 ? given : One(at, "reshape", Attributes.None.With("shape", Array.Empty<Dim>()), given);
                return One(at, "where", Attributes.None, mask, adds ? One(at, "add", Attributes.None, x, one) : one, x);
            default: return RefuseValue("GSH4009", at, "How many elements a mask takes depends on its values, which may differ from rank to rank; give one value, or choose with torch.where between tensors of one shape.");
        }
    }

    private Value? RefuseValue(string id, SyntaxNode at, string message)
    {
        Refuse(id, at, message);
        return null;
    }
}
