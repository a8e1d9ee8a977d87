namespace GShard;

/// <summary>torchrun, and whatever else sets PyTorch's <c>env://</c> variables, as <c>gshard launch</c> does.</summary>
internal static class Torchrun
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Number("RANK") is not { } rank || environment.Number("WORLD_SIZE") is not { } ranks) return null;
        var run = environment.Text("TORCHELASTIC_RUN_ID");
        var name = environment.Text("GSHARD_LAUNCH") is not null ? "gshard launch" : run is null ? "env://" : "torchrun";
        var local = environment.Number("LOCAL_WORLD_SIZE");
        // The agent's store answers at MASTER_PORT itself, in a language that differs by version.
        var isTaken = environment.Text("TORCHELASTIC_USE_AGENT_STORE") is "True" or "true" or "1";
        return new LaunchInfo(
            name,
            rank,
            ranks,
            environment.Address(null, local == ranks || ranks == 1, name),
            isTaken ? environment.PortsBesideMaster() : environment.Ports(),
            $"{run ?? environment.Text("GSHARD_LAUNCH") ?? "env"}.{environment.Number("TORCHELASTIC_RESTART_COUNT") ?? 0}")
        {
            LocalRank = environment.Number("LOCAL_RANK"),
            LocalRanks = local,
        };
    }
}
