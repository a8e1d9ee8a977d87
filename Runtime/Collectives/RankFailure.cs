namespace GShard;

/// <summary>The first failure among the ranks.</summary>
/// <param name="Rank">The rank that failed.</param>
/// <param name="LastCollective">The collective it was in, or had called last.</param>
/// <param name="Exception">What it failed with.</param>
internal sealed record RankFailure(int Rank, string LastCollective, Exception Exception);
