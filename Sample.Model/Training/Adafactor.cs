using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>
/// Adafactor (Shazeer and Stern, arXiv 1804.04235) as the GShard paper trains with it (A.2): no first moment, decay
/// 1 − t^−0.8, updates clipped to a root mean square of 1, steps relative to the parameter's own scale, learning rate
/// 1/√max(t, 10⁴). The second moment of a matrix is kept as its row and column means; of a stack of matrices, a matrix at a
/// time. Every mean is over the whole parameter, whichever ranks hold it.
/// </summary>
internal sealed class Adafactor : IParameterUpdate
{
    private const double DecayExponent = 0.8;
    private const double ClippingThreshold = 1.0;
    private const double SquareFloor = 1e-30;
    private const double ScaleFloor = 1e-3;
    private const double ConstantSteps = 1e4;

    private readonly IReadOnlyList<Parameter> parameters;
    private readonly ShardedSums sums;
    private readonly ISecondMoment[] moments;
    private readonly Tensor sizes;

    public Adafactor(DeviceMesh mesh, IReadOnlyList<Parameter> parameters, ShardedSums sums)
    {
        this.parameters = parameters;
        this.sums = sums;
        moments = [.. parameters.Select(p => p.dim() >= 2 ? (ISecondMoment)new FactoredMoment(mesh, p) : new FullMoment(p))];
        sizes = tensor(sums.GlobalSizes.Select(n => (double)n).ToArray());
    }

    public void Apply(int step, double progress)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var decay = 1 - Math.Pow(step, -DecayExponent);
        var rate = 1 / Math.Sqrt(Math.Max(step, ConstantSteps));

        var updates = new Tensor[parameters.Count];
        for (var i = 0; i < updates.Length; i++)
        {
            var gradient = parameters[i].grad ?? throw new InvalidOperationException($"Parameter {i} has no gradient: Adafactor steps after a backward pass.");
            var root = moments[i].Update(gradient.square() + SquareFloor, decay);
            updates[i] = gradient * root;
        }

        var updateScale = RootMeanSquares(updates);
        var parameterScale = RootMeanSquares(parameters);
        var factors = (rate * parameterScale.clamp_min(ScaleFloor) / (updateScale / ClippingThreshold).clamp_min(1)).data<double>().ToArray();
        for (var i = 0; i < updates.Length; i++)
            parameters[i].sub_(updates[i] * factors[i]);
    }

    public void Dispose()
    {
        foreach (var moment in moments)
            moment.Dispose();
        sizes.Dispose();
    }

    // [parameters], in double precision: a sum of a million squares loses digits in single.
    private Tensor RootMeanSquares(IEnumerable<Tensor> tensors)
    {
        var local = stack(tensors.Select(t => t.to_type(ScalarType.Float64).square().sum()));
        return (sums.AllReduce(local) / sizes).sqrt();
    }

    private interface ISecondMoment : IDisposable
    {
        /// <summary>Takes in the squared gradient and returns one over the root of the estimate, broadcast to the gradient's shape.</summary>
        Tensor Update(Tensor squares, double decay);
    }

    private sealed class FullMoment(Parameter parameter) : ISecondMoment
    {
        private readonly Tensor mean = zeros_like(parameter).DetachFromDisposeScope();

        public Tensor Update(Tensor squares, double decay)
        {
            mean.mul_(decay).add_(squares, 1 - decay);
            return mean.rsqrt();
        }

        public void Dispose() => mean.Dispose();
    }

    private sealed class FactoredMoment : ISecondMoment
    {
        private readonly GlobalMean overColumns;
        private readonly GlobalMean overRows;
        private readonly Tensor rows;
        private readonly Tensor columns;

        public FactoredMoment(DeviceMesh mesh, Parameter parameter)
        {
            var rank = (int)parameter.dim();
            overColumns = new GlobalMean(mesh, parameter, rank - 1);
            overRows = new GlobalMean(mesh, parameter, rank - 2);
            var shape = parameter.shape;
            rows = zeros([.. shape[..^1], 1], parameter.dtype).DetachFromDisposeScope();
            columns = zeros([.. shape[..^2], 1, shape[^1]], parameter.dtype).DetachFromDisposeScope();
        }

        public Tensor Update(Tensor squares, double decay)
        {
            rows.mul_(decay).add_(overColumns.Of(squares), 1 - decay);
            columns.mul_(decay).add_(overRows.Of(squares), 1 - decay);
            return (rows / overRows.Of(rows)).rsqrt() * columns.rsqrt();
        }

        public void Dispose()
        {
            rows.Dispose();
            columns.Dispose();
        }
    }

    /// <summary>The mean over one dim of a whole parameter, kept as a dim of size 1.</summary>
    private sealed class GlobalMean(DeviceMesh mesh, Parameter parameter, int dim)
    {
        private readonly ParameterSharding? sharding = ParameterSharding.Of(parameter);

        public Tensor Of(Tensor local)
        {
            if (sharding is null)
                return local.mean([dim], keepdim: true);
            var sum = local.sum([dim], keepdim: true);
            foreach (var placement in sharding.Placements)
            {
                if (placement.Axis is { } axis && placement.Dim == dim)
                    sum = mesh.Axis(axis).AllReduce(sum);
            }
            return sum / sharding.GlobalShape[dim];
        }
    }
}
