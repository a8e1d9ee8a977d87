namespace GShard.Compiler.Reshards;

/// <summary>How reshards are planned.</summary>
public sealed record ReshardOptions
{
    /// <summary>The cheapest plan, permutes included.</summary>
    public static readonly ReshardOptions Default = new();

    /// <summary>Search for the cheapest plan; false: Shardy's greedy plan.</summary>
    public bool Exact { get; init; } = true;

    /// <summary>Whether a plan may exchange shards between any two ranks; false where only collectives along axes are at hand.</summary>
    public bool AllowPermute { get; init; } = true;

    /// <summary>What steps cost.</summary>
    public CollectiveCost Cost { get; init; } = CollectiveCost.Default;
}
