namespace Sample.Model.Training;

/// <summary>What came of a training.</summary>
/// <param name="Steps">Steps taken.</param>
/// <param name="TrainingTime">Time they took.</param>
/// <param name="Stopped">Whether the user ended it early; nothing was translated then.</param>
/// <param name="Translations">The translations of the held-out phrases, in their order.</param>
public sealed record TrainingResult(int Steps, TimeSpan TrainingTime, bool Stopped, IReadOnlyList<string> Translations);
