namespace GShard.Compiler.Tests.Programs;

/// <summary>Compiled programs on simulated ranks compute what the logical program computes, forward and backward.</summary>
public sealed class ProgramTests
{
    private static readonly Dictionary<string, long> Sizes = new()
    {
        ["B"] = 3,
        ["G"] = 3,
        ["S"] = 2,
        ["T"] = 2,
        ["E"] = 4,
        ["C"] = 2,
        ["M"] = 4,
        ["H"] = 5,
        ["V"] = 5,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_mixture_of_experts_layer_sends_tokens_there_and_back_by_two_all_to_alls_each_way(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(Models.Moe, [("expert", ranks)], Sizes);
        Assert.Equal(["all_to_all", "all_to_all"], forward);
        Assert.Equal(["all_to_all", "all_to_all"], backward);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_column_then_row_parallel_mlp_costs_one_all_reduce_each_way(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(Models.MegatronMlp, [("model", ranks)], Sizes);
        Assert.Equal(["all_reduce"], forward);
        Assert.Equal(["all_reduce"], backward);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Data_parallel_training_reduces_all_gradients_at_once(int ranks)
    {
        var (forward, backward) = ProgramCheck.Run(Models.DataParallel, [("data", ranks)], Sizes);
        Assert.Equal(["all_reduce"], forward);
        Assert.Equal(["all_reduce"], backward);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    public void Attention_split_over_batch_and_heads_communicates_only_at_its_ends(int data, int model)
    {
        var (forward, backward) = ProgramCheck.Run(Models.Attention, [("data", data), ("model", model)], Sizes, new() { ["heads"] = 2 });
        Assert.Equal(["all_reduce"], forward);
        Assert.Equal(["all_reduce", "all_reduce"], backward);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(0, 3)]
    public void A_branch_on_a_host_condition_is_differentiated_in_both_branches(int smooth, int ranks) =>
        ProgramCheck.Run(Models.Branch, [("data", ranks)], Sizes, new() { ["smooth"] = smooth });
}
