using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Norms of channels over the batch. In training they take the statistics of the whole batch on all ranks and move the running statistics
/// towards them, by the operations <c>update</c> and <c>advance</c>, alike on every rank.
/// </summary>
internal sealed partial class MethodReader
{
    private static readonly HostReading IsTraining = new("training", SpecialType.System_Boolean);

    private Reading ReadBatchNorm(Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument Named(string name) => arguments.First(a => a.Name == name);
        var (mean, variance) = (Tensor(Named("running_mean")), Tensor(Named("running_var")));
        if (Named("training").Reading is not HostReading { Truth: { } training }) return RefuseArgument(Named("training"), "batch_norm", "must be a constant");
        if (training && mean is not null)
            return Refuse("GSH4011", at, "Batch norm in training changes running_mean and running_var in place, which is compiled for the module nn.BatchNorm only; use that, or pass null for both, or training: false.");
        return BatchNorm(x, training ? null : mean, training ? null : variance, Tensor(Named("weight")), Tensor(Named("bias")), EpsOf(Named("eps")), at);
    }

    /// <summary>A batch norm that is a module.</summary>
    private Reading ReadBatchNorm(LibraryModule module, Func<string, Value?> weight, Value x, SyntaxNode at)
    {
        if (MadeWith(module, "eps", "1e-05") is not { } eps) return NotVisible(module, "eps", at);
        var affine = (Weight: weight("weight"), Bias: weight("bias"));
        if (!module.Weights.ContainsKey("running_mean")) return BatchNorm(x, null, null, affine.Weight, affine.Bias, eps, at);
        if (MadeWith(module, "momentum", "0.1") is not { } share) return NotVisible(module, "momentum", at);
        return WithStatistics(weight, at, eps, x, () =>
        {
            if (BatchStatistics(x, affine.Weight, affine.Bias, eps, at) is not ({ } y, { } mean, { } variance)) return Unknown();
            Advance(weight("num_batches_tracked"), at);
            Update(weight("running_mean"), mean, share, at);
            Update(weight("running_var"), variance, share, at);
            return new TensorReading(y);
        });
    }

    /// <summary>An instance norm that is a module; its running statistics are means over the batch of those of each instance.</summary>
    private Reading ReadInstanceNorm(LibraryModule module, Func<string, Value?> weight, Value x, SyntaxNode at)
    {
        if (MadeWith(module, "eps", "1e-05") is not { } eps) return NotVisible(module, "eps", at);
        var rank = x.Tensor.Rank;
        Reading Normalised() =>
            Affine(One(at, "layer_norm_plain", Attributes.None.With("dims", rank - 2).WithHost("eps", eps), x), weight("weight"), weight("bias"), at);
        if (!module.Weights.ContainsKey("running_mean")) return Normalised();
        if (MadeWith(module, "momentum", "0.1") is not { } share) return NotVisible(module, "momentum", at);
        return WithStatistics(weight, at, eps, x, () =>
        {
            var spread = One(at, "var", Attributes.None.With("dims", Enumerable.Range(2, rank - 2)), x);
            Update(weight("running_mean"), One(at, "mean", Attributes.None.With("dims", Enumerable.Range(0, rank).Where(d => d != 1)), x), share, at);
            Update(weight("running_var"), One(at, "mean", Attributes.None.With("dims", [0]), spread), share, at);
            return Normalised();
        });
    }

    /// <summary>In training what is given, else normalised by the running statistics.</summary>
    private Reading WithStatistics(Func<string, Value?> weight, SyntaxNode at, string eps, Value x, Func<Reading> inTraining) => ReadBranches(
        IsTraining, inTraining, () => BatchNorm(x, weight("running_mean"), weight("running_var"), weight("weight"), weight("bias"), eps, at), at) ?? Unknown();

    /// <summary>Batch norm by given statistics, or, where there are none, by those of the whole batch on all ranks.</summary>
    private Reading BatchNorm(Value x, Value? mean, Value? variance, Value? weight, Value? bias, string eps, SyntaxNode at)
    {
        if (mean is null || variance is null) return Result(BatchStatistics(x, weight, bias, eps, at).Y);
        if (weight is not null && bias is not null) return ApplyOne("batch_norm_eval", Attributes.None.WithHost("eps", eps), [x, weight, bias, mean, variance], at);
        var rank = x.Tensor.Rank;
        var centred = One(at, "sub", Attributes.None, x, Laid(mean, rank, at));
        return Affine(One(at, "mul", Attributes.None, centred, One(at, "rsqrt", Attributes.None, Scalar(at, "add_scalar", Laid(variance, rank, at), eps))), weight, bias, at);
    }

    private (Value? Y, Value? Mean, Value? Variance) BatchStatistics(Value x, Value? weight, Value? bias, string eps, SyntaxNode at)
    {
        var isAffine = weight is not null && bias is not null;
        if (Apply("batch_norm", Attributes.None.WithHost("eps", eps), isAffine ? [x, weight!, bias!] : [x], at) is not { } results) return default;
        var y = isAffine ? results[0] : (Affine(results[0], weight, bias, at) as TensorReading)?.Value;
        return (y, results[1], results[3]);
    }

    private void Update(Value? running, Value? batch, string share, SyntaxNode at)
    {
        if (running is not null && batch is not null) builder.Add("update", Attributes.None.WithHost("share", share), [running, batch], [], at);
    }

    private void Advance(Value? count, SyntaxNode at)
    {
        if (count is not null) builder.Add("advance", Attributes.None, [count], [], at);
    }
}
