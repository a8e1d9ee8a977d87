using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Quantiles and medians, as elements of the sorted tensor and mixtures of two of them.</summary>
internal sealed partial class MethodReader
{
    private Reading? ReadOrderStatistic(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        switch (name)
        {
            case "quantile" or "nanquantile" when arguments.Length == 4 && arguments[1].Reading is TensorReading { Value: { Tensor.Rank: <= 1 } q }:
                if (DimOf(arguments[2], name, x.Tensor.Rank) is not { } dim) return Unknown();
                if (arguments[3].Reading is not HostReading { Truth: { } keep }) return RefuseArgument(arguments[3], name, "must be a constant");
                return Result(Quantile(x, q, dim, keep, name == "nanquantile", at));
            case "nanmedian" when arguments.Length == 1: return Result(MedianOfNumbers(x, at));
            default: return null;
        }
    }

    /// <summary>The element at the place q (n - 1) of a sorted dim, between two elements their linear mixture; n is how many there are, or how many are numbers.</summary>
    private Value? Quantile(Value x, Value q, int dim, bool keep, bool ofNumbers, SyntaxNode at)
    {
        var (rank, over) = (x.Tensor.Rank, Attributes.None.With("dims", [dim]).With("keepdim", true));
        var along = Attributes.None.With("dim", dim);
        var count = q.Tensor.Rank == 0 ? Dim.One : q.Tensor.Dims[0];
        Value? nan = One(at, "isnan", Attributes.None, x), sorted = One(at, "sort", along, x);
        // The quantiles lie along the sorted dim.
        var places = One(at, "reshape", Attributes.None.With("shape", [count, .. Enumerable.Repeat(Dim.One, rank - 1 - dim)]), q);
        if (ofNumbers)
        {
            var numbers = One(at, "sum", over, One(at, "to", Attributes.Named(x.Tensor.Element.Text()), One(at, "logical_not", Attributes.None, nan)));
            var last = One(at, "clamp", Attributes.None.WithHost("min", "0"), Scalar(at, "sub_scalar", numbers, "1"));
            places = One(at, "mul", Attributes.None, last, places);
        }
        else
        {
            places = Scalar(at, "mul_scalar", places, CodeOf(x.Tensor.Dims[dim] - 1));
            var shape = x.Tensor.Dims.SetItem(dim, count);
            places = One(at, "expand", Attributes.None.With("shape", shape), places);
        }

        Value? Whole(string rounding) => One(at, "to", Attributes.Named("i64"), One(at, rounding, Attributes.None, places));
        var (lower, upper) = (One(at, "gather", along, sorted, Whole("floor")), One(at, "gather", along, sorted, Whole("ceil")));
        var share = One(at, "sub", Attributes.None, places, One(at, "floor", Attributes.None, places));
        var result = One(at, "lerp", Attributes.None, lower, upper, share);
        if (!ofNumbers)
            result = One(at, "masked_fill", Attributes.None.WithHost("value", "double.NaN"), result, One(at, "any", over, nan));
        if (q.Tensor.Rank == 0) return keep ? result : One(at, "squeeze", along, result);
        var moved = dim == 0 ? result : One(at, "permute", Attributes.None.With("dims", [dim, .. Enumerable.Range(0, rank).Where(d => d != dim)]), result);
        return keep ? One(at, "unsqueeze", Attributes.None.With("dim", dim + 1), moved) : moved;
    }

    private Value? MedianOfNumbers(Value x, SyntaxNode at)
    {
        var flat = One(at, "reshape", Attributes.None.With("shape", [x.Tensor.Elements]), x);
        var numbers = One(at, "sum", Attributes.None.With("dims", [0]).With("keepdim", true), One(at, "logical_not", Attributes.None, One(at, "isnan", Attributes.None, flat)));
        var place = One(at, "clamp", Attributes.None.WithHost("min", "0"), Scalar(at, "floor_divide_scalar", Scalar(at, "sub_scalar", numbers, "1"), "2"));
        var sorted = One(at, "sort", Attributes.None.With("dim", 0), flat);
        return One(at, "squeeze", Attributes.None.With("dim", 0), One(at, "gather", Attributes.None.With("dim", 0), sorted, place));
    }
}
