using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Scales a loss so that gradients do not underflow in f16, and skips the steps at which they overflow (Micikevicius et al., 2018; <c>GradScaler</c> of
/// PyTorch). One rank's overflow is every rank's: the flag is reduced over the mesh, so that all skip the same steps and keep one scale.
/// <code>
/// model.Backward(scaler.Scale(gradient));       // of the loss, or of what the model returns
/// scaler.Unscale(model.parameters());           // if they are clipped
/// GradientNorm.Clip(model.parameters(), 1.0);
/// scaler.Step(optimizer);
/// </code>
/// </summary>
public sealed class LossScaler
{
    private readonly DeviceMesh mesh;
    private readonly double growth;
    private readonly double backoff;
    private readonly int interval;
    private bool? overflowed;

    /// <summary>Begins with a scale.</summary>
    /// <param name="mesh">The mesh whose ranks train together.</param>
    /// <param name="scale">The first scale; a power of two changes no bits.</param>
    /// <param name="growth">What it grows by when <paramref name="interval"/> steps in a row did not overflow.</param>
    /// <param name="backoff">What it is multiplied by when a step does.</param>
    /// <param name="interval">Steps without an overflow before it grows.</param>
    public LossScaler(DeviceMesh mesh, double scale = 65536, double growth = 2, double backoff = 0.5, int interval = 2000)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        if (scale is not (> 0 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(scale), $"A scale is positive and finite, but {scale} was given.");
        if (growth is not > 1) throw new ArgumentOutOfRangeException(nameof(growth), $"The scale grows by a factor above 1, but {growth} was given.");
        if (backoff is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(backoff), $"The scale shrinks by a factor between 0 and 1, but {backoff} was given.");
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        (this.mesh, Value, this.growth, this.backoff, this.interval) = (mesh, scale, growth, backoff, interval);
    }

    /// <summary>The scale, the same on every rank.</summary>
    public double Value { get; private set; }

    /// <summary>Steps since the scale changed.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>A loss, or its gradient by what the model returns, times the scale; a fresh tensor.</summary>
    public Tensor Scale(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.mul(Value);
    }

    /// <summary>Divides the gradients by the scale and finds out, on all ranks together, whether any is infinite or not a number. Every rank calls it with the same parameters.</summary>
    /// <param name="parameters">The parameters that the optimizer updates.</param>
    /// <returns>Whether all are finite, so that <see cref="Step"/> will update.</returns>
    /// <exception cref="InvalidOperationException">They are unscaled since the last step.</exception>
    public bool Unscale(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (overflowed is not null) throw new InvalidOperationException("The gradients have been unscaled since the last Step; unscale them once a step.");
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Tensor? wrong = null;
        foreach (var (_, holder, _) in UpdateGradients.Reduced(parameters, "are unscaled"))
        {
            if (holder.grad is not { } gradient) continue;
            // Not in place: two gradients may be views of one cotangent.
            holder.grad = gradient.mul(1 / Value);
            // Read once, at the end: each reading waits for the device.
            var here = holder.grad!.isfinite().all().logical_not();
            wrong = wrong is null ? here : wrong.logical_or(here.to(wrong.device));
        }
        overflowed = mesh.Everyone.Tell([wrong?.item<bool>() == true ? (byte)1 : (byte)0]).Any(words => words[0] != 0);
        return !overflowed.Value;
    }

    /// <summary>Steps an optimizer unless a gradient overflowed on some rank, then adapts the scale. Unscales first where that has not been done.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <returns>Whether the optimizer stepped.</returns>
    public bool Step(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (overflowed is null) Unscale(optimizer.parameters());
        var steps = overflowed == false;
        overflowed = null;
        if (steps) optimizer.step();
        else optimizer.zero_grad();
        if (!steps)
        {
            Value *= backoff;
            GoodSteps = 0;
        }
        else if (++GoodSteps == interval)
        {
            Value *= growth;
            GoodSteps = 0;
        }
        return steps;
    }

    /// <summary>Takes over a scale and its count of steps, as saved.</summary>
    /// <param name="scale">The saved <see cref="Value"/>.</param>
    /// <param name="goodSteps">The saved <see cref="GoodSteps"/>.</param>
    public void Restore(double scale, int goodSteps)
    {
        if (scale is not (> 0 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(scale), $"A scale is positive and finite, but {scale} was given.");
        ArgumentOutOfRangeException.ThrowIfNegative(goodSteps);
        (Value, GoodSteps) = (scale, goodSteps);
    }
}
