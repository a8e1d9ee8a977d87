using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Members that repeat, move, cut up or contract dims.</summary>
internal sealed partial class MethodReader
{
    private Reading? ReadRearrangement(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument? Named(params string[] names) => arguments.FirstOrDefault(a => names.Contains(a.Name));
        var rank = x.Tensor.Rank;
        switch (name)
        {
            case "repeat" or "tile" when Sizes(arguments[1].Reading, at) is { } times: return ReadRepeat(name, x, times, at);
            case "repeat_interleave" when Named("repeats")!.Reading is not TensorReading && SizeOf(Named("repeats")!.Reading, at) is { } times:
                if (Named("dim")!.Reading is NullReading) return Result(One(at, "reshape", Attributes.None.With("shape", [-1]), x)) is TensorReading flat ? Repeated(flat.Value, [], [times], at) : Unknown();
                return DimOf(Named("dim")!, name, rank) is { } interleaved ? Repeated(x, [], [.. Enumerable.Range(0, rank).Select(d => d == interleaved ? times : null)], at) : Unknown();
            case "unbind":
                if (DimOf(arguments[1], name, rank) is not { } apart) return Unknown();
                if (builder.Solver.Resolve(x.Tensor.Dims[apart]).Value is not { } count) return Refuse("GSH4005", at, $"How many parts 'unbind' gives is not known: dim {apart} has size {x.Tensor.Dims[apart]}; use 'select'.");
                return new ListReading([.. Enumerable.Range(0, (int)count).Select(i => ApplyOne("select", Attributes.None.With("dim", apart).With("index", i), [x], at))]);
            case "tensor_split" or "hsplit" or "vsplit" or "dsplit": return ReadTensorSplit(name, x, arguments, at);
            case "unflatten":
                if (DimOf(arguments[1], name, rank) is not { } folded || Sizes(arguments[2].Reading, at) is not { } parts) return Unknown();
                var known = Dim.Product(parts.Where(s => s.Value != -1));
                return Reshape(x, [.. x.Tensor.Dims.Take(folded), .. parts.Select(s => s.Value == -1 ? x.Tensor.Dims[folded] / known : s), .. x.Tensor.Dims.Skip(folded + 1)], at);
            case "channel_shuffle" when SizeOf(arguments[1].Reading, at) is { } groups && rank > 2:
                var dims = x.Tensor.Dims;
                return Reshape(x, [dims[0], groups, dims[1] / groups, .. dims.Skip(2)], at) is TensorReading { Value: var grouped } && Result(One(at, "transpose", Attributes.None.With("dim0", 1).With("dim1", 2), grouped)) is TensorReading { Value: var turned }
                    ? Reshape(turned, dims, at)
                    : Unknown();
            case "rot90": return ReadQuarterTurns(x, arguments, at);
            case "cross" when arguments[1].Reading is TensorReading { Value: var factor }: return ReadCross(x, factor, arguments[2], at);
            case "movedim" or "moveaxis": return ReadMove(name, x, arguments, at);
            case "diag" when Named("diagonal") is { Reading: HostReading { Size.Value: 0 } }:
                if (rank == 2) return ApplyOne("diagonal", Attributes.None.With("dim0", 0).With("dim1", 1), [x], at);
                var identity = One(at, "eye", Attributes.Named(x.Tensor.Element.Text()).With("n", x.Tensor.Dims[0]));
                return Result(One(at, "mul", Attributes.None, One(at, "unsqueeze", Attributes.None.With("dim", 1), x), identity));
            case "tensordot" when arguments[1].Reading is TensorReading { Value: var other }: return ReadTensorDot(x, other, arguments, at);
            case "inner" when arguments[1].Reading is TensorReading { Value: var other }:
                return Contract(x, other, rank == 0 ? [] : [rank - 1], other.Tensor.Rank == 0 ? [] : [other.Tensor.Rank - 1], at);
            case "index_fill" when arguments[2].Reading is TensorReading { Value: var rows } && arguments[3].Reading is HostReading fill:
                if (DimOf(arguments[1], name, rank) is not { } filled) return Unknown();
                var shape = x.Tensor.Dims.SetItem(filled, rows.Tensor.Dims.Length == 1 ? rows.Tensor.Dims[0] : Dim.One);
                var source = One(at, "full", Attributes.Named(x.Tensor.Element.Text()).With("shape", shape).WithHost("value", fill.Code));
                return Result(One(at, "index_copy", Attributes.None.With("dim", filled), x, rows, source));
            case "take" when arguments[1].Reading is TensorReading { Value: var positions }:
                return ReadTensorIndexOfAll(x, positions, at);
            case "index" when arguments[1].Reading is ListReading list: return ReadPositions(list.Items, x, at) is { } at0 ? ReadAt(x, at0, at) : UnknownReading.Instance;
            case "unfold" when arguments.Length == 4: return ReadUnfold(x, arguments, at);
            case "slice" when arguments.Length == 5: return ReadSlice(x, arguments, at);
            case "new_zeros" or "new_ones" or "new_full" or "new_empty": return ReadCreation(name == "new_empty" ? "zeros" : name.Substring(4), [.. arguments.Skip(1)], at, x.Tensor.Element);
            case "masked_select" or "nonzero" or "argwhere" or "unique" or "unique_consecutive" or "bincount" or "masked_scatter" or "multinomial" or "nonzero_as_list":
                return Refuse("GSH4009", at, $"The shape of what '{name}' gives depends on a tensor's values, which may differ from rank to rank; keep the shape and choose by torch.where or masked_fill.");
            default: return null;
        }
    }

    /// <summary>A constant dim, from 0; null, with a report, where it is none.</summary>
    private int? DimOf(Argument argument, string method, int rank)
    {
        if (argument.Reading is not HostReading { Size.Value: { } dim })
        {
            RefuseArgument(argument, method, "must be a constant");
            return null;
        }

        if (dim >= -rank && dim < rank) return (int)(dim < 0 ? dim + rank : dim);
        Refuse("GSH1001", argument.Syntax, $"The dim {dim} is out of range: the tensor has {rank} dims.");
        return null;
    }

    private Reading ReadRepeat(string name, Value x, ImmutableArray<Dim> times, SyntaxNode at)
    {
        var missing = times.Length - x.Tensor.Rank;
        if (missing < 0 && name == "repeat") return Refuse("GSH1001", at, $"'repeat' takes at least {x.Tensor.Rank} numbers for '{x.Name}', but gets {times.Length}.");
        for (; missing < 0; missing++) times = times.Insert(0, Dim.One);
        return Repeated(x, [.. times.Take(missing)], [], at, [.. times.Skip(missing).Select(t => t.IsOne ? null : t)]);
    }

    /// <summary>
    /// Repeats elements: <paramref name="inner"/> holds how often each element of a dim comes one after the other, <paramref name="outer"/> how often
    /// the dim as a whole does; <paramref name="leading"/> are new dims.
    /// </summary>
    private Reading Repeated(Value x, ImmutableArray<Dim?> leading, ImmutableArray<Dim?> inner, SyntaxNode at, ImmutableArray<Dim?> outer = default)
    {
        var dims = x.Tensor.Dims;
        if (inner.Length > dims.Length || leading.All(l => l is null)) leading = [];
        List<Dim> open = [.. leading.Select(_ => Dim.One)], wide = [.. leading.Select(l => l!)], final = [.. leading.Select(l => l!)];
        for (var i = 0; i < dims.Length; i++)
        {
            var (before, after) = (outer.IsDefaultOrEmpty ? null : outer[i], inner.IsEmpty ? null : inner[i]);
            open.AddRange([.. before is null ? Array.Empty<Dim>() : [Dim.One], dims[i], .. after is null ? Array.Empty<Dim>() : [Dim.One]]);
            wide.AddRange([.. before is null ? Array.Empty<Dim>() : [before], dims[i], .. after is null ? Array.Empty<Dim>() : [after]]);
            final.Add((before ?? Dim.One) * dims[i] * (after ?? Dim.One));
        }

        if (open.Count == dims.Length) return new TensorReading(x);
        var opened = One(at, "reshape", Attributes.None.With("shape", open), x);
        var expanded = One(at, "expand", Attributes.None.With("shape", wide), opened);
        return final.Count == wide.Count ? Result(expanded) : Result(One(at, "reshape", Attributes.None.With("shape", final), expanded));
    }

    private Reading ReadTensorSplit(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var rank = x.Tensor.Rank;
        int? along = name switch { "hsplit" => rank == 1 ? 0 : 1, "vsplit" => 0, "dsplit" => 2, _ => DimOf(arguments[2], name, rank) };
        if (along is not { } dim || Sizes(arguments[1].Reading, at) is not { } given) return Unknown();
        var size = builder.Solver.Resolve(x.Tensor.Dims[dim]);
        var starts = new List<Dim> { 0 };
        if (arguments[1].Reading is ListReading or TupleReading) starts.AddRange(given);
        else if (given[0].Value is { } sections && size.Value is { } whole)
            for (long i = 1; i < sections; i++) starts.Add(i * (whole / sections) + Math.Min(i, whole % sections));
        else if (given[0].Value is { } parts && IsExact(size, given[0]))
            for (long i = 1; i < parts; i++) starts.Add(size / parts * i);
        else return Refuse("GSH4005", at, $"Where '{name}' cuts {size} into {given[0]} is not known; use 'split' with sizes.");
        starts.Add(size);
        return new ListReading([.. starts.Zip(starts.Skip(1), (from, to) => ApplyOne("narrow", Attributes.None.With("dim", dim).With("start", from).With("length", to - from), [x], at))]);
    }

    private Reading ReadTensorIndexOfAll(Value x, Value positions, SyntaxNode at) =>
        One(at, "reshape", Attributes.None.With("shape", [x.Tensor.Elements]), x) is { } flat ? ReadTensorIndex(flat, 0, positions, at) : UnknownReading.Instance;

    private Reading ReadSlice(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (DimOf(arguments[1], "slice", x.Tensor.Rank) is not { } dim) return Unknown();
        if (arguments[4].Reading is not HostReading { Size.Value: >= 1 and { } step }) return RefuseArgument(arguments[4], "slice", "must be a constant");
        if (arguments[2].Reading is not HostReading start || arguments[3].Reading is not HostReading stop) return Unknown();
        ImmutableArray<IndexReading> dims = [.. Enumerable.Repeat(new IndexReading(IndexKind.Slice), dim), new IndexReading(IndexKind.Slice, start, stop, step)];
        return Result(Positioned(x, new Positions(dims, []), at));
    }

    private Reading ReadMove(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var rank = x.Tensor.Rank;
        if (Sizes(arguments[1].Reading, at) is not { } from || Sizes(arguments[2].Reading, at) is not { } to) return Unknown();
        if (from.Length != to.Length || from.Concat(to).Any(d => d.Value is not { } v || v < -rank || v >= rank)) return RefuseArgument(arguments[1], name, "must name dims of the tensor, as many as the destination, and");
        int At(Dim dim) => (int)(dim.Value!.Value < 0 ? dim.Value.Value + rank : dim.Value.Value);
        var rest = new Queue<int>(Enumerable.Range(0, rank).Except(from.Select(At)));
        var order = Enumerable.Range(0, rank).Select(d => to.Select(At).ToList().IndexOf(d) is var i and >= 0 ? At(from[i]) : -1).ToList();
        return ApplyOne("permute", Attributes.None.With("dims", order.Select(d => d < 0 ? rest.Dequeue() : d)), [x], at);
    }

    private Reading ReadTensorDot(Value a, Value b, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments.Length == 4 && Sizes(arguments[2].Reading, at) is { } first && Sizes(arguments[3].Reading, at) is { } second)
            return first.Concat(second).All(d => d.Value is not null) ? Contract(a, b, [.. first.Select(d => (int)d.Value!)], [.. second.Select(d => (int)d.Value!)], at) : RefuseArgument(arguments[2], "tensordot", "must be a constant");
        switch (arguments[2].Reading)
        {
            case HostReading { Size.Value: { } count }:
                return Contract(a, b, [.. Enumerable.Range(a.Tensor.Rank - (int)count, (int)count)], [.. Enumerable.Range(0, (int)count)], at);
            case ListReading list when list.Items.All(i => i is TupleReading { Items.Length: 2 }):
                var pairs = list.Items.Select(i => ((TupleReading)i).Items.Select(d => (d as HostReading)?.Size?.Value).ToList()).ToList();
                return pairs.All(p => p.All(d => d is not null)) ? Contract(a, b, [.. pairs.Select(p => (int)p[0]!)], [.. pairs.Select(p => (int)p[1]!)], at) : RefuseArgument(arguments[2], "tensordot", "must be a constant");
            default: return RefuseArgument(arguments[2], "tensordot", "must be a constant");
        }
    }

    /// <summary>The sum of products over pairs of dims, as an einsum.</summary>
    private Reading Contract(Value a, Value b, ImmutableArray<int> left, ImmutableArray<int> right, SyntaxNode at)
    {
        if (left.Length != right.Length) return Refuse("GSH1001", at, $"The contraction names {left.Length} dims of '{a.Name}' and {right.Length} of '{b.Name}'; name as many of each.");
        var (rankA, rankB) = (a.Tensor.Rank, b.Tensor.Rank);
        if (left.Any(d => d < -rankA || d >= rankA) || right.Any(d => d < -rankB || d >= rankB)) return Refuse("GSH1001", at, $"A dim of the contraction is out of range: '{a.Name}' has {rankA} dims, '{b.Name}' has {rankB}.");
        var labels = Enumerable.Range(0, rankA).Select(i => (char)('a' + i)).ToList();
        var others = Enumerable.Range(0, rankB).Select(i => (char)('A' + i)).ToList();
        for (var i = 0; i < left.Length; i++) others[right[i] < 0 ? right[i] + rankB : right[i]] = labels[left[i] < 0 ? left[i] + rankA : left[i]];
        var result = labels.Where(c => !others.Contains(c)).Concat(others.Where(c => !labels.Contains(c)));
        return ApplyOne("einsum", new EinsumText(string.Concat(labels), string.Concat(others), string.Concat(result)).Attributes, [a, b], at);
    }

    private readonly record struct EinsumText(string Left, string Right, string Result)
    {
        public Attributes Attributes => Attributes.None.With(Attributes.Equation, new TextAttribute($"{Left},{Right}->{Result}"));
    }

    /// <summary>The elements of a dim that a tensor of indices of any rank names, its dims in the dim's place.</summary>
    private Value? IndexSelected(Value? x, int dim, Value indices, SyntaxNode at)
    {
        var along = Attributes.None.With("dim", dim);
        if (x is null || indices.Tensor.Rank == 1) return One(at, "index_select", along, x, indices);
        var selected = One(at, "index_select", along, x, One(at, "reshape", Attributes.None.With("shape", [-1]), indices));
        return One(at, "reshape", Attributes.None.With("shape", [.. x.Tensor.Dims.Take(dim), .. indices.Tensor.Dims, .. x.Tensor.Dims.Skip(dim + 1)]), selected);
    }
}
