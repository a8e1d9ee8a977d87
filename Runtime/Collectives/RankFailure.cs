namespace GShard;

/// <summary>The first failure among the ranks.</summary>
/// <param name="Rank">The rank that failed.</param>
/// <param name="LastCollective">The collective it was in, or had called last.</param>
/// <param name="Exception">What it failed with.</param>
internal sealed record RankFailure(int Rank, string LastCollective, Exception Exception)
{
    /// <summary>What the exception says, and where in a model it was thrown.</summary>
    public string Message => Exception is not CollectiveException && CallSite.Of(Exception) is { } place ? $"{Exception.Message} (in {place})" : Exception.Message;
}
