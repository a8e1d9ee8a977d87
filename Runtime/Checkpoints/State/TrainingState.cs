using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// What a training continues from: a model, its optimizer, the schedules of its learning rates, the scale of its loss, this thread's
/// <see cref="CounterRandom"/>, the default generator of torch, and values of the program's own.
/// </summary>
public sealed class TrainingState
{
    /// <summary>The state of a training; the objects stay the caller's.</summary>
    /// <param name="model">A plain or a sharded module.</param>
    /// <param name="optimizer">The optimizer of the model's parameters, or null where it is not saved or loaded: any of TorchSharp's that keep their state in a
    /// <c>StateDictionary</c>, <see cref="Adafactor"/>, or a <see cref="ZeroRedundancyOptimizer"/> of one of these.</param>
    /// <param name="schedulers">The learning-rate schedules.</param>
    public TrainingState(nn.Module model, optim.Optimizer? optimizer = null, params optim.lr_scheduler.LRScheduler[] schedulers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(schedulers);
        Model = model;
        Optimizer = optimizer;
        Schedulers = [.. schedulers];
    }

    /// <summary>The model.</summary>
    public nn.Module Model { get; }

    /// <summary>The optimizer of its parameters, or null.</summary>
    public optim.Optimizer? Optimizer { get; }

    /// <summary>The schedules of the learning rates.</summary>
    public IReadOnlyList<optim.lr_scheduler.LRScheduler> Schedulers { get; }

    /// <summary>The scaler of the loss, whose scale and count of good steps are saved and restored; null where there is none.</summary>
    public LossScaler? LossScaler { get; init; }

    /// <summary>
    /// The program's own values: its position in the data, the best loss so far. Those of rank 0 are saved, and given to every rank on loading.
    /// </summary>
    public JsonObject Values { get; set; } = [];
}
