using static TorchSharp.torch;

namespace Sample.Tests.Equivalence;

/// <summary>What one training step gave: losses, the routing's counts, and every gradient as numbers.</summary>
internal sealed record StepResult(double Loss, double AuxLoss, double[] Load, double Dropped, IReadOnlyDictionary<string, double[]> Gradients)
{
    public static StepResult Of(Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped, Dictionary<string, Tensor?> gradients) => new(
        Number(loss), Number(auxLoss), Numbers(load), Number(dropped),
        gradients.Where(g => g.Value is not null).ToDictionary(g => g.Key, g => Numbers(g.Value!)));

    /// <summary>Holds this against the oracle: equal routing, and per tensor ‖Δg‖ ≤ tolerance · max(‖g‖, 1e-2·‖all gradients‖).</summary>
    public void AssertNear(StepResult oracle, double tolerance, string where)
    {
        Assert.True(oracle.Load.SequenceEqual(Load) && oracle.Dropped == Dropped, $"{where}: the experts took [{string.Join(", ", Load)}], {Dropped} dropped; [{string.Join(", ", oracle.Load)}], {oracle.Dropped} is due");
        Assert.True(Math.Abs(Loss - oracle.Loss) <= tolerance * Math.Abs(oracle.Loss), $"{where}: the loss is {Loss:R}, {oracle.Loss:R} is due");
        Assert.True(Math.Abs(AuxLoss - oracle.AuxLoss) <= tolerance * Math.Max(1, Math.Abs(oracle.AuxLoss)), $"{where}: the auxiliary loss is {AuxLoss:R}, {oracle.AuxLoss:R} is due");
        Assert.Equal(oracle.Gradients.Keys.Order(StringComparer.Ordinal), Gradients.Keys.Order(StringComparer.Ordinal));
        var all = Norm(oracle.Gradients.Values.SelectMany(g => g));
        foreach (var (name, expected) in oracle.Gradients)
        {
            var actual = Gradients[name];
            Assert.True(expected.Length == actual.Length, $"{where}: the gradient of {name} has {actual.Length} elements, {expected.Length} are due");
            var difference = Norm(expected.Zip(actual, (a, b) => a - b));
            var bound = tolerance * Math.Max(Norm(expected), 1e-2 * all);
            Assert.True(difference <= bound, $"{where}: the gradient of {name} is off by {difference:E2}, {bound:E2} is allowed (its norm is {Norm(expected):E2})");
        }
    }

    private static double Number(Tensor x) => x.to_type(ScalarType.Float64).sum().item<double>();

    private static double[] Numbers(Tensor x) => x.to_type(ScalarType.Float64).contiguous().data<double>().ToArray();

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(v => v * v));
}
