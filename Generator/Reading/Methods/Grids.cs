using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Tensors of numbers that the source shows, grids of vectors, turns and cross products.</summary>
internal sealed partial class MethodReader
{
    /// <summary>One number, or an array of some in one dim; null where the call has none.</summary>
    private Reading? ReadConstants(IInvocationOperation? call, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (call is null || arguments.IsEmpty) return null;
        if (arguments.Skip(1).FirstOrDefault(a => a.Name is not ("dtype" or "device" or "names") && !IsIgnored(a)) is { } other)
            return other.Name is "dimensions" or "rows" or "columns" or "dim0" or "dim1" or "dim2" or "dim3" ? RefuseArgument(other, "tensor") : null;
        var given = call.Arguments.First(a => a.Parameter?.Ordinal == 0).Parameter!.Type;
        var number = given is IArrayTypeSymbol { Rank: 1 } array ? array.ElementType : given;
        if (ElementOf(number.SpecialType) is not { } element) return Refuse("GSH4005", at, "'torch.tensor' is compiled for a number or an array of numbers in one dim; keep other tensors in fields of the class, as buffers.");
        var type = OfType(arguments, element);
        Value? Number(HostReading host) => One(at, "full", type.With("shape", ImmutableArray<Dim>.Empty).WithHost("value", host.Code));
        switch (arguments[0].Reading)
        {
            case HostReading one: return Result(Number(one));
            case ListReading { Items: { Length: > 0 and <= LongestUnrolledLoop } items } when items.All(i => i is HostReading):
                return Result(One(at, "stack", Attributes.None.With("dim", 0), [.. items.Select(i => Number((HostReading)i))]));
            default: return Refuse("GSH4005", at, $"'torch.tensor' is compiled for a number or an array of up to {LongestUnrolledLoop} numbers that the call shows; keep other tensors in fields of the class, as buffers.");
        }
    }

    private static ElementType? ElementOf(SpecialType number) => number switch
    {
        SpecialType.System_Double => ElementType.Float64,
        SpecialType.System_Single => ElementType.Float32,
        SpecialType.System_Int64 => ElementType.Int64,
        SpecialType.System_Int32 => ElementType.Int32,
        SpecialType.System_Int16 => ElementType.Int16,
        SpecialType.System_SByte => ElementType.Int8,
        SpecialType.System_Boolean => ElementType.Bool,
        _ => null,
    };

    /// <summary>Vectors, each laid along a dim of its own and repeated along those of the others.</summary>
    private Reading ReadMeshGrid(ListReading vectors, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var operands = vectors.Items.OfType<TensorReading>().Select(t => t.Value).ToList();
        if (operands.Count != vectors.Items.Length || operands.Count == 0) return Unknown();
        if (operands.FirstOrDefault(o => o.Tensor.Rank > 1) is { } wide) return Refuse("GSH1001", at, $"'meshgrid' takes vectors, but '{wide.Name}' has {wide.Tensor.Rank} dims.");
        var indexing = arguments.FirstOrDefault(a => a.Name == "indexing")?.Reading as HostReading;
        if (indexing?.Code.Trim('"') is not { } order || order is not ("ij" or "xy")) return RefuseArgument(arguments[1], "meshgrid", "must be a constant");
        // The first two change places.
        var places = Enumerable.Range(0, operands.Count).Select(i => order == "xy" && i < 2 && operands.Count > 1 ? 1 - i : i).ToList();
        var sizes = new Dim[operands.Count];
        for (var i = 0; i < operands.Count; i++) sizes[places[i]] = Dim.Product(operands[i].Tensor.Dims);
        return new ListReading([.. operands.Select((operand, i) =>
        {
            var laid = One(at, "reshape", Attributes.None.With("shape", sizes.Select((s, d) => d == places[i] ? s : Dim.One)), operand);
            return Result(One(at, "expand", Attributes.None.With("shape", sizes), laid));
        })]);
    }

    private Reading ReadQuarterTurns(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments[1].Reading is not HostReading { Size.Value: { } turns }) return RefuseArgument(arguments[1], "rot90", "must be a constant");
        ImmutableArray<Dim>? plane = arguments.Length > 2 && arguments[2].Reading is not NullReading ? Sizes(arguments[2].Reading, at) : [0, 1];
        if (plane is not [{ Value: { } first }, { Value: { } second }]) return RefuseArgument(arguments[2], "rot90", "must be constants");
        Value? Flip(params long[] dims) => One(at, "flip", Attributes.None.With("dims", dims.Select(d => (Dim)d)), x);
        Value? Swap(Value? flipped) => One(at, "transpose", Attributes.None.With("dim0", first).With("dim1", second), flipped);
        return (((turns % 4) + 4) % 4) switch
        {
            0 => new TensorReading(x),
            1 => Result(Swap(Flip(second))),
            2 => Result(Flip(first, second)),
            _ => Result(Swap(Flip(first))),
        };
    }

    /// <summary>Vectors of three: each element is a product of the next two, less the product the other way about.</summary>
    private Reading ReadCross(Value a, Value b, Argument along, SyntaxNode at)
    {
        if (DimOf(along, "cross", a.Tensor.Rank) is not { } dim) return Unknown();
        if (builder.Solver.Resolve(a.Tensor.Dims[dim]).Value is not 3) return Refuse("GSH1001", at, $"'cross' is of vectors of 3 elements, but dim {dim} of '{a.Name}' has size {a.Tensor.Dims[dim]}.");
        var behind = dim - a.Tensor.Rank;
        Value? Turned(Value x, int by) => One(at, "roll", Attributes.None.With("shifts", [by]).With("dims", [behind]), x);
        Value? Times(int i, int j) => One(at, "mul", Attributes.None, Turned(a, i), Turned(b, j));
        return Result(One(at, "sub", Attributes.None, Times(-1, -2), Times(-2, -1)));
    }
}
