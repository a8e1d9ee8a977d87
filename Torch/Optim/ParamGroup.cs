namespace TorchSharp.Modules;

/// <summary>Parameters with common options.</summary>
public class ParamGroup : optim.ILearningRateController
{
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    public OptimizerOptions Options { get; set; } = new();

    public double LearningRate
    {
        get => Options.LearningRate ?? 0;
        set => Options.LearningRate = value;
    }

    public double InitialLearningRate
    {
        get => Options.InitialLearningRate;
        set => Options.InitialLearningRate = value;
    }
}

/// <summary>Parameters with common options of one optimizer.</summary>
public class ParamGroup<TOptions> : ParamGroup
    where TOptions : OptimizerOptions, new()
{
    public ParamGroup() => base.Options = new TOptions();

    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        base.Options = options ?? new TOptions();
        // A lazy sequence would be walked anew at every step.
        Parameters = [.. parameters];
    }

    public new TOptions Options
    {
        get => (TOptions)base.Options;
        set => base.Options = value;
    }
}
