namespace Sample.Model.Training;

/// <summary>Turns this rank's gradients into new parameters.</summary>
internal interface IParameterUpdate : IDisposable
{
    /// <summary>One step.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="progress">How much of the training is over, 0 to 1.</param>
    void Apply(int step, double progress);
}
