namespace GShard.Compiler.Tests.Programs;

/// <summary>
/// What each way of sharding communicates, forward and backward, to the last collective; and what it computes, against the plain program.
/// </summary>
public sealed class CommunicationTests
{
    private static readonly Dictionary<string, long> Sizes = new()
    {
        ["B"] = 4,
        ["G"] = 4,
        ["S"] = 2,
        ["T"] = 3,
        ["E"] = 4,
        ["C"] = 2,
        ["M"] = 4,
        ["H"] = 5,
    };

    /// <summary>The table: model, mesh, collectives of the forward, collectives of the backward.</summary>
    public static TheoryData<string, string, string, string> Table => new()
    {
        { "MegatronMlp", "model=2", "all_reduce", "all_reduce" },
        { "MegatronMlp", "model=3", "all_reduce", "all_reduce" },

        // Gradients of all weights over the data axis in one, that of the input over the model axis.
        { "Attention", "data=2, model=2", "all_reduce", "2 all_reduce" },
        { "Moe", "expert=2", "2 all_to_all", "2 all_to_all" },
        { "Moe", "expert=4", "2 all_to_all", "2 all_to_all" },

        // A mean of the whole batch in the forward; all gradients at once in the backward.
        { "DataParallel", "data=2", "all_reduce", "all_reduce" },

        // The norm's gradients are sums over the sequence: one more, of 2·M elements.
        { "SequenceParallel", "model=2", "all_gather, reduce_scatter", "all_gather, reduce_scatter, all_reduce" },
        { "SequenceParallel", "model=3", "all_gather, reduce_scatter", "all_gather, reduce_scatter, all_reduce" },
        // Two weights at a time: what is used, and what is used next.
        { "Zero3", "data=2", "all_gather", "all_gather, reduce_scatter" },
        { "Zero3Block", "data=2", "3 all_gather", "2 all_gather, reduce_scatter" },
        { "TwoGathers", "model=2", "all_gather", "2 slice" },
        { "TwoGathers", "model=3", "all_gather", "2 slice" },
        { "ParallelBlock", "model=2", "all_reduce", "all_reduce" },
        { "SharedWeight", "data=2", "", "2 all_reduce" },
        { "TwoAllToAlls", "x=4, y=2", "2 all_to_all", "2 all_to_all" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_model_communicates_no_more_than_it_must(string model, string mesh, string forward, string backward)
    {
        var text = (string)(typeof(CommunicationModels).GetField(model) ?? typeof(Models).GetField(model))!.GetValue(null)!;
        (string, int)[] axes = [.. mesh.Split(", ").Select(a => a.Split('=')).Select(a => (a[0], int.Parse(a[1], null)))];
        var (there, back) = ProgramCheck.Run(text, axes, Sizes, new() { ["heads"] = 2 });
        Assert.Equal(forward, Count(there));
        Assert.Equal(backward, Count(back));
    }

    private static string Count(List<string> executed) =>
        string.Join(", ", executed.GroupBy(name => name).Select(g => g.Count() == 1 ? g.Key : $"{g.Count()} {g.Key}"));
}
