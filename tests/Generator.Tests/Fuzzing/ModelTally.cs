namespace GShard.Generator.Tests.Fuzzing;

/// <summary>What became of random models.</summary>
internal sealed class ModelTally
{
    public int Programs { get; set; }

    public int Passed { get; set; }

    public Dictionary<string, int> Refused { get; } = [];

    public List<string> Failures { get; } = [];

    public void Refuse(string kind) => Refused[kind] = Refused.GetValueOrDefault(kind) + 1;

    /// <summary>The counts in one line.</summary>
    public string Summary(int seed) =>
        $"{Programs} programs through C#, {Passed} passed, {Refused.Values.Sum()} refused{(Refused.Count == 0 ? "" : " (" + string.Join("; ", Refused.OrderByDescending(r => r.Value).Select(r => $"{r.Value} {r.Key}")) + ")")}, {Failures.Count} failed, seed {seed}";
}
