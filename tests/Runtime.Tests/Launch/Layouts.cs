namespace GShard.Runtime.Tests;

public class Layouts
{
    private static readonly LaunchInfo Eight = new("torchrun", 0, 8, "a", [1], "run");

    [Fact]
    public void Ranks_in_blocks_of_hosts_stay_as_they_are() => Assert.Equal([0, 1, 2, 3], HostLayout.Order(["a", "a", "b", "b"]));

    [Fact]
    public void Ranks_dealt_round_over_hosts_are_put_host_by_host() => Assert.Equal([0, 2, 4, 1, 3, 5], HostLayout.Order(["b", "a", "b", "a", "b", "a"]));

    [Theory]
    [InlineData("data=3,model=2", "a a a b b b", "the axis 'model' of the mesh data=3 × model=2 does not stay inside a host, where it communicates fastest: ranks 2 and 3 are on a (3 ranks) and b (3 ranks); start a multiple of 2 ranks on every host, or change the sizes.")]
    [InlineData("data=3,expert=2,model=2", "a a a a a a b b b b b b", "the axes 'expert' and 'model' of the mesh data=3 × expert=2 × model=2 do not stay inside a host, where they communicate fastest: ranks 4 and 7 are on a (6 ranks) and b (6 ranks); start a multiple of 4 ranks on every host, or change the sizes.")]
    [InlineData("data=2,model=2", "a a a b", "the axis 'model' of the mesh data=2 × model=2 does not stay inside a host, where it communicates fastest: ranks 2 and 3 are on a (3 ranks) and b (1 rank); start a multiple of 2 ranks on every host, or change the sizes.")]
    [InlineData("data=2,model=3", "a a a b b b", null)]
    [InlineData("data=3,model=2", "a a b b c c", null)]
    [InlineData("data=2,model=4", "a a b b c c d d", null)]
    [InlineData("data=2,model=2", "a b c d", null)]
    [InlineData("data=4,model=1", "a a a b", null)]
    [InlineData("data=6", "a a a b b b", null)]
    public void Last_axes_that_a_host_has_room_for_but_does_not_hold_are_warned_of(string mesh, string hosts, string? warning)
    {
        string[] all = hosts.Split(' ');
        Assert.Equal(warning, HostLayout.Warning(AxisSizes.Resolve(null, mesh, Eight with { Ranks = all.Length }), all));
    }

    [Fact]
    public void The_open_size_is_what_is_left()
    {
        Assert.Equal("data=2 × expert=4", AxisSizes.Resolve([("data", -1), ("expert", 4)], null, Eight).ToString());
        Assert.Equal("data=8", AxisSizes.Resolve(null, "data=-1", Eight).ToString());
        Assert.Equal("data=2 × expert=4", AxisSizes.Resolve(null, "data=2, expert=4", Eight).ToString());
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Contains("The mesh data=3 does not fit the 8 ranks that torchrun has started; start 3", Refused([("data", 3)]));
        Assert.Contains("start a multiple of 3", Refused([("data", 3), ("model", -1)]));
        Assert.Contains("leaves the sizes of 2 axes open", Refused([("data", -1), ("model", -1)]));
        Assert.Contains("set GSHARD_MESH=data=8", Refused(null));
        Assert.Contains("start it with gshard launch -n 4", Assert.Throws<LaunchException>(() => AxisSizes.Resolve([("data", 4)], null, LaunchEnvironment.Read(_ => null))).Message);
        Assert.Contains("it names axes with their sizes", Assert.Throws<LaunchException>(() => AxisSizes.Resolve(null, "data", Eight)).Message);

        static string Refused((string, int)[]? axes) => Assert.Throws<LaunchException>(() => AxisSizes.Resolve(axes, null, Eight)).Message;
    }

    [Fact]
    public void Options_come_from_the_environment()
    {
        var variables = new Dictionary<string, string> { ["GSHARD_TIMEOUT"] = "2.5", ["GSHARD_ALLREDUCE"] = "Ordered", ["GSHARD_CHECK"] = "collectives" };
        var options = MeshOptions.Read(variables.GetValueOrDefault);
        Assert.Equal((TimeSpan.FromSeconds(2.5), AllReduceOrder.Ordered, true, "gloo"), (options.Timeout, options.AllReduce, options.CheckCollectives, options.Backend));
        foreach (var (name, value) in new[] { ("GSHARD_TIMEOUT", "soon"), ("GSHARD_ALLREDUCE", "1"), ("GSHARD_BACKEND", "mpi"), ("GSHARD_CHECK", "all"), ("GSHARD_HEARTBEAT", "0") })
            Assert.Contains($"{name} is '{value}'", Assert.Throws<LaunchException>(() => MeshOptions.Read(key => key == name ? value : null)).Message);
    }
}
