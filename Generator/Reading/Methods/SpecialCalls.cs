using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Calls of TorchSharp's members that are more than one operator, or whose arguments need more than the table says.</summary>
internal sealed partial class MethodReader
{
    /// <summary>What a special member gives; null where it is none of them.</summary>
    private Reading? ReadSpecial(IInvocationOperation? call, SyntaxNode at, string name, char container, ImmutableArray<Argument> arguments)
    {
        var first = (arguments.FirstOrDefault()?.Reading as TensorReading)?.Value;
        Argument? Named(params string[] names) => arguments.FirstOrDefault(a => names.Contains(a.Name));
        switch (name)
        {
            case "einsum" when call is not null: return ReadEinsum(call, arguments);
            case "cat" or "concat" or "concatenate" or "stack" or "hstack" or "vstack" or "row_stack" or "column_stack" or "dstack" when Named("tensors")?.Reading is ListReading list:
                return ReadJoined(name, list, Named("dim")?.Reading, at);
            case "meshgrid" when arguments.Length > 0 && arguments[0].Reading is ListReading grids: return ReadMeshGrid(grids, arguments, at);
            case "tensor" when container == 't' && ReadConstants(call, arguments, at) is { } constants: return constants;
            case "NewDisposeScope": return NullReading.Instance;
        }

        if (container == 't' && first is null && ReadNew(name, arguments, at) is { } made) return made;
        if (container == 't' && name == "where" && arguments.Length == 3 && arguments.All(a => a.Reading is TensorReading))
            return ApplyOne("where", Attributes.None, [.. arguments.Select(a => ((TensorReading)a.Reading).Value)], at);
        if (first is null) return null;
        switch (container, name)
        {
            case ('T', "contiguous" or "alias" or "clone" or "MoveToOuterDisposeScope" or "DetachFromDisposeScope"):
            case ('t', "clone"):
                return arguments[0].Reading;
            case ('T', "size") when arguments.Length == 1: return Shape(first);
            case ('T', "size"): return DimSize(first, arguments[1]);
            case ('T', "dim"): return HostReading.Of(first.Tensor.Rank);
            case ('T', "numel"): return HostReading.Of(builder.Solver.Resolve(first.Tensor.Elements));
            case ('T', "to" or "to_type" or "type"):
                if (arguments.Skip(1).FirstOrDefault(a => a.Reading is ElementReading) is { Reading: ElementReading target }) return Cast(first, target.Type, at);
                if (arguments.Skip(1).FirstOrDefault(a => a.Reading is TensorReading) is { Reading: TensorReading model }) return Cast(first, model.Value.Tensor.Element, at);
                return arguments.Skip(1).All(IsIgnored) ? arguments[0].Reading : null;
            case ('T', "type_as") when arguments[1].Reading is TensorReading typed: return Cast(first, typed.Value.Tensor.Element, at);
            case ('T', "float" or "double" or "half" or "bfloat16" or "int" or "long" or "short" or "sbyte" or "bool" or "byte") when ElementOf(name) is { } element: return Cast(first, element, at);
            case ('T', "reshape" or "view") or ('t', "reshape"): return ReadReshape(first, arguments[1], at);
            case ('T', "view_as" or "reshape_as") when arguments[1].Reading is TensorReading shaped: return Reshape(first, shaped.Value.Tensor.Dims, at);
            case ('T' or 't', "flatten") when arguments.Length == 3: return ReadFlatten(first, arguments[1], arguments[2], at);
            case ('T', "expand" or "broadcast_to") or ('t', "broadcast_to"): return ReadExpand(first, arguments[1], at);
            case ('T', "expand_as") when arguments[1].Reading is TensorReading like: return ApplyOne("expand", Attributes.None.With("shape", like.Value.Tensor.Dims), [first], at);
            case ('T' or 't', "t") when first.Tensor.Rank == 2: return ApplyOne("transpose", Attributes.None.With("dim0", 0).With("dim1", 1), [first], at);
            case ('T' or 't', "squeeze"): return ReadSqueeze(first, arguments[1], at);
            case ('T' or 't', "chunk" or "split"): return ReadPieces(name, first, arguments, at);
            case ('T', "where") when arguments.Length == 3 && arguments[1].Reading is TensorReading condition && arguments[2].Reading is TensorReading other:
                return ApplyOne("where", Attributes.None, [condition.Value, first, other.Value], at);
            case ('f', "linear"): return ReadLinear(first, arguments, at);
            case ('f', "layer_norm"): return ReadLayerNorm(first, arguments, at);
            case ('f', "dropout") or ('t', "dropout"): return ReadDropout(first, Named("p"), Named("training", "train"), at, isOurs: false);
            case ('f', "cross_entropy"): return ReadCrossEntropy(first, arguments, at);
            case ('f', "nll_loss"): return ReadNegativeLogLikelihood(first, arguments, at);
            case ('f', "scaled_dot_product_attention"): return ReadAttention(arguments, at);
            case ('f', "pad"): return ReadPad(first, arguments, at);
            case ('T' or 't', "var" or "std"): return ReadVariance(name, first, arguments, at);
            case ('t', "var_mean" or "std_mean"):
                if (ReadVariance(name.Substring(0, 3), first, arguments, at) is not TensorReading spread) return Unknown();
                var over = builder.DefinitionOf(spread.Value)!.Attributes.Where(a => a.Key is "dims" or "keepdim").Aggregate(Attributes.None, (all, a) => all.With(a.Key, a.Value));
                return new TupleReading([spread, ApplyOne("mean", over, [first], at)]);
            case ('f', _): return ReadLayer(name, first, arguments, at);
            default: return ReadOrderStatistic(name, first, arguments, at) ?? ReadRearrangement(name, first, arguments, at) ?? ReadRandomLike(name, first, arguments, at);
        }
    }

    private Reading DimSize(Value tensor, Argument dim)
    {
        if (dim.Reading is not HostReading { Size.Value: { } index }) return RefuseArgument(dim, "size", "must be a constant");
        var rank = tensor.Tensor.Rank;
        var at = index < 0 ? index + rank : index;
        return at >= 0 && at < rank
            ? HostReading.Of(builder.Solver.Resolve(tensor.Tensor.Dims[(int)at]))
            : Refuse("GSH1001", dim.Syntax, $"The dim {index} is out of range: '{tensor.Name}' has {rank} dims.");
    }

    private Reading ReadReshape(Value value, Argument shape, SyntaxNode at)
    {
        if (Sizes(shape.Reading, shape.Syntax) is not { } sizes) return Unknown();
        var open = sizes.Count(s => s.Value == -1);
        if (open > 1) return Refuse("GSH1001", at, "Only one size of a shape can be -1.");
        if (open == 1)
        {
            var known = Dim.Product(sizes.Where(s => s.Value != -1));
            if (known.Value == 0) return Refuse("GSH1001", at, "A shape with the size 0 leaves -1 undetermined.");
            var elements = builder.Solver.Resolve(value.Tensor.Elements);
            sizes = [.. sizes.Select(s => s.Value == -1 ? elements / known : s)];
        }

        return Reshape(value, sizes, at);
    }

    private Reading Reshape(Value value, ImmutableArray<Dim> shape, SyntaxNode at) => ApplyOne("reshape", Attributes.None.With("shape", shape), [value], at);

    private Reading ReadFlatten(Value value, Argument from, Argument to, SyntaxNode at)
    {
        var dims = value.Tensor.Dims;
        if (from.Reading is not HostReading { Size.Value: { } start } || to.Reading is not HostReading { Size.Value: { } end }) return RefuseArgument(from, "flatten", "must be a constant");
        if (start < 0) start += dims.Length;
        if (end < 0) end += dims.Length;
        if (start < 0 || end >= dims.Length || start > end) return Refuse("GSH1001", at, $"The dims {start} to {end} are out of range: '{value.Name}' has {dims.Length} dims.");
        return Reshape(value, [.. dims.Take((int)start), Dim.Product(dims.Skip((int)start).Take((int)(end - start + 1))), .. dims.Skip((int)end + 1)], at);
    }

    private Reading ReadExpand(Value value, Argument shape, SyntaxNode at)
    {
        if (Sizes(shape.Reading, shape.Syntax) is not { } sizes) return Unknown();
        var extra = sizes.Length - value.Tensor.Rank;
        if (extra < 0) return Refuse("GSH1001", at, $"'{value.Name}' has {value.Tensor.Rank} dims and cannot be expanded to {sizes.Length}.");
        sizes = [.. sizes.Select((s, i) => s.Value == -1 && i >= extra ? value.Tensor.Dims[i - extra] : s)];
        return ApplyOne("expand", Attributes.None.With("shape", sizes), [value], at);
    }

    private Reading ReadSqueeze(Value value, Argument dim, SyntaxNode at) => dim.Reading switch
    {
        HostReading { Size.Value: { } index } => ApplyOne("squeeze", Attributes.None.With("dim", index), [value], at),
        NullReading => Reshape(value, [.. value.Tensor.Dims.Where(d => !builder.Solver.Resolve(d).IsOne)], at),
        _ => RefuseArgument(dim, "squeeze", "must be a constant"),
    };

    private Reading ReadPieces(string name, Value value, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var along = arguments.FirstOrDefault(a => a.Name == "dim");
        if (along?.Reading is not HostReading { Size.Value: { } dim }) return RefuseArgument(along ?? arguments[1], name, "must be a constant");
        if (dim < 0) dim += value.Tensor.Rank;
        if (dim < 0 || dim >= value.Tensor.Rank) return Refuse("GSH1001", at, $"The dim {dim} is out of range: '{value.Name}' has {value.Tensor.Rank} dims.");
        var whole = builder.Solver.Resolve(value.Tensor.Dims[(int)dim]);
        var lengths = new List<Dim>();
        if (name == "split" && arguments[1].Reading is ListReading && Sizes(arguments[1].Reading, at) is { } listed) lengths.AddRange(listed);
        else if (SizeOf(arguments[1].Reading, arguments[1].Syntax) is not { } number) return Unknown();
        else if (name == "chunk")
        {
            if (number.Value is not { } count || count < 1) return RefuseArgument(arguments[1], name, "must be a constant");
            // Where the size is not known, the chunks are equal: a narrow fails at run time where they are not.
            var length = whole.Value is { } size ? (size + count - 1) / count
                : IsExact(whole, number) ? whole / number
                : HostSize($"({{{whole}}} + {count - 1}) / {count}", at, "chunk");
            for (long i = 0; i < count && (whole.Value is null || i * length.Value < whole.Value); i++) lengths.Add(whole.Value is { } all ? Math.Min(length.Value!.Value, all - i * length.Value.Value) : length);
        }
        else if (whole.Value is { } all && number.Value is { } each and > 0 && all / each <= LongestUnrolledLoop)
            for (long from = 0; from < all; from += each) lengths.Add(Math.Min(each, all - from));
        else if ((whole / number).Value is { } pieces and <= LongestUnrolledLoop) for (long i = 0; i < pieces; i++) lengths.Add(number);
        else return Refuse("GSH4005", at, $"How many pieces of {number} there are in {whole} is not known; use 'chunk' with a constant count, or 'split' with sizes.");

        var start = Dim.Zero;
        var items = ImmutableArray.CreateBuilder<Reading>();
        foreach (var length in lengths)
        {
            items.Add(ApplyOne("narrow", Attributes.None.With("dim", dim).With("start", start).With("length", length), [value], at));
            start += length;
        }

        return new ListReading(items.ToImmutable());
    }

    private Reading ReadVariance(string name, Value value, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var attributes = Attributes.None;
        foreach (var argument in arguments.Skip(1).Where(a => a.IsGiven))
        {
            switch (argument.Name, argument.Reading)
            {
                case ("unbiased", HostReading { Truth: { } unbiased }): if (!unbiased) attributes = attributes.With("correction", 0); break;
                case ("keepdim", HostReading { Truth: { } keep }): if (keep) attributes = attributes.With("keepdim", true); break;
                case ("dim" or "dimensions", _) when Sizes(argument.Reading, argument.Syntax) is { } dims && dims.All(d => d.Value is not null): attributes = attributes.With("dims", dims); break;
                default: return RefuseArgument(argument, name);
            }
        }

        return ApplyOne(name, attributes, [value], at);
    }
}
