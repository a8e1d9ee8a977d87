using GShard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>This rank's part of the model.</summary>
internal interface IReplica : IDisposable
{
    /// <summary>This rank's parameters, in the same order on every rank.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// Forward and backward of this rank's sentences [b, S], [b, T], [b, T]; the gradients replace those of the step before.
    /// The results are over all ranks.
    /// </summary>
    (Tensor loss, Tensor auxLoss, Tensor load, Tensor dropped) Step(Tensor source, Tensor target, Tensor expected);

    /// <summary>Brings the whole weights together in <paramref name="plain"/>; every rank calls it, rank 0 writes.</summary>
    void GatherInto(Transformer plain, DeviceMesh mesh);
}
