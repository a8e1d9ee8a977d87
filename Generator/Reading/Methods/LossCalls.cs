using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Losses over classes, and how losses are reduced.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadCrossEntropy(Value logits, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments[1].Reading is not TensorReading { Value: var targets }) return Unknown();
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        var weight = Tensor(Named("weight"));
        var smoothing = Named("label_smoothing")?.Reading is HostReading { Code: not ("0" or "0.0") } given ? given : null;
        if (targets.Tensor.Rank == logits.Tensor.Rank && logits.Tensor.Rank >= 2) return ReadSoftCrossEntropy(logits, targets, weight, smoothing, Named("reduction"), at);
        if (Named("ignore_index")?.Reading is not HostReading { Size.Value: { } ignored }) return RefuseArgument(Named("ignore_index") ?? arguments[1], "cross_entropy", "must be a constant");
        return OverRows("cross_entropy", logits, targets, Named("reduction"), at, (rows, ids) =>
        {
            var attributes = Attributes.None.With("ignore_index", ignored);
            if (weight is not null) return Weighted(One(at, "log_softmax", Attributes.None.With("dim", 1), rows), ids, weight, ignored, smoothing, at);
            if (smoothing is not null) attributes = attributes.WithHost("label_smoothing", smoothing.Code);
            return (One(at, "cross_entropy", attributes, rows, ids), Counted(ids, ignored, at));
        });
    }

    private Reading ReadNegativeLogLikelihood(Value logProbabilities, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments[1].Reading is not TensorReading { Value: var targets }) return Unknown();
        Argument? Named(string name) => arguments.FirstOrDefault(a => a.Name == name);
        var weight = Tensor(Named("weight"));
        return OverRows("nll_loss", logProbabilities, targets, Named("reduction"), at, (rows, ids) => weight is not null
            ? Weighted(rows, ids, weight, -100, null, at)
            : (One(at, "nll_loss", Attributes.None.With("ignore_index", -100), rows, ids), Counted(ids, -100, at)));
    }

    /// <summary>A loss of rows [n, classes] and ids [n]; classes that are dim 1 of several are brought last.</summary>
    private Reading OverRows(string name, Value logits, Value targets, Argument? reduction, SyntaxNode at, Func<Value, Value, (Value? Loss, Func<Value?>? Count)> loss)
    {
        var rank = logits.Tensor.Rank;
        if (rank < 2 || targets.Tensor.Rank != rank - 1)
        {
            return Refuse("GSH1001", at, $"{name}: {logits.Name} has the shape [{string.Join(", ", logits.Tensor.Dims)}] and {targets.Name} [{string.Join(", ", targets.Tensor.Dims)}] "
                + "where [rows, classes] and [rows] are needed; reshape them with view(-1, classes) and view(-1).");
        }

        if (rank == 2) return loss(logits, targets) is ({ } plain, var counted) ? Reduced(plain, reduction, at, counted) : Unknown();
        var (dims, classes) = (logits.Tensor.Dims, logits.Tensor.Dims[1]);
        var last = One(at, "permute", Attributes.None.With("dims", (int[])[0, .. Enumerable.Range(2, rank - 2), 1]), logits);
        var rows = One(at, "reshape", Attributes.None.With("shape", [Dim.Product(dims.RemoveAt(1)), classes]), last);
        var ids = One(at, "reshape", Attributes.None.With("shape", [Dim.Product(dims.RemoveAt(1))]), targets);
        if (rows is null || ids is null || loss(rows, ids) is not ({ } each, var count)) return Unknown();
        var result = Reduced(each, reduction, at, count);
        return IsUnreduced(reduction) && result is TensorReading flat ? Reshape(flat.Value, dims.RemoveAt(1), at) : result;
    }

    private static bool IsUnreduced(Argument? reduction) => (reduction?.Reading as HostReading)?.Symbol?.Name == "None";

    // The mean is over the rows that count.
    private Func<Value?> Counted(Value targets, long ignored, SyntaxNode at) => () => One(at, "sum", Attributes.None, Scalar(at, "ne_scalar", targets, ignored.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Rows weighted by their target's class; the mean is over the weights.</summary>
    private (Value? Loss, Func<Value?>? Count) Weighted(Value? logProbabilities, Value targets, Value weight, long ignored, HostReading? smoothing, SyntaxNode at)
    {
        var valid = Attributes.None.WithHost("value", "0");
        var isIgnored = Scalar(at, "eq_scalar", targets, ignored.ToString(CultureInfo.InvariantCulture));
        var own = One(at, "masked_fill", valid, One(at, "index_select", Attributes.None.With("dim", 0), weight, One(at, "masked_fill", valid, targets, isIgnored)), isIgnored);
        var loss = One(at, "mul", Attributes.None, One(at, "nll_loss", Attributes.None.With("ignore_index", ignored), logProbabilities, targets), own);
        if (smoothing is not null && logProbabilities is not null)
        {
            var classes = CodeOf(logProbabilities.Tensor.Dims[1]);
            var even = One(at, "sum", Attributes.None.With("dims", [1]), One(at, "mul", Attributes.None, logProbabilities, weight));
            var share = Scalar(at, "mul_scalar", One(at, "masked_fill", valid, even, isIgnored), $"{smoothing.In(Binding.Multiplicative)} / {classes}");
            loss = One(at, "sub", Attributes.None, Scalar(at, "mul_scalar", loss, $"1 - {smoothing.In(Binding.Multiplicative)}"), share);
        }

        return (loss, () => One(at, "sum", Attributes.None, own));
    }

    /// <summary>Cross-entropy against probabilities [n, classes, …]; the mean is over everything but the classes.</summary>
    private Reading ReadSoftCrossEntropy(Value logits, Value targets, Value? weight, HostReading? smoothing, Argument? reduction, SyntaxNode at)
    {
        Value? wanted = targets;
        if (smoothing is not null)
        {
            wanted = Scalar(at, "mul_scalar", targets, $"1 - {smoothing.In(Binding.Multiplicative)}");
            wanted = Scalar(at, "add_scalar", wanted, $"{smoothing.In(Binding.Multiplicative)} / {CodeOf(logits.Tensor.Dims[1])}");
        }

        var product = One(at, "mul", Attributes.None, wanted, One(at, "log_softmax", Attributes.None.With("dim", 1), logits));
        if (weight is not null) product = One(at, "mul", Attributes.None, product, Laid(weight, logits.Tensor.Rank, at));
        var loss = One(at, "neg", Attributes.None, One(at, "sum", Attributes.None.With("dims", [1]), product));
        return loss is null ? Unknown() : Reduced(loss, reduction, at, null);
    }

    /// <summary>A loss reduced; a mean with a count of its own is a sum over that count.</summary>
    private Reading Reduced(Value loss, Argument? reduction, SyntaxNode at, Func<Value?>? count)
    {
        switch ((reduction?.Reading as HostReading)?.Symbol?.Name ?? "Mean")
        {
            case "None": return new TensorReading(loss);
            case "Sum": return ApplyOne("sum", Attributes.None, [loss], at);
            case "Mean" when count is null: return ApplyOne("mean", Attributes.None, [loss], at);
            case "Mean":
                if (Apply("sum", Attributes.None, [loss], at) is not { } sum || count() is not { } rows) return UnknownReading.Instance;
                return ApplyOne("div", Attributes.None, [sum[0], rows], at);
            default: return RefuseArgument(reduction!, "the loss", "must be a constant");
        }
    }
}
