namespace GShard;

/// <summary>srun. Within <c>salloc</c> or <c>sbatch</c> alone there are no ranks.</summary>
internal static class Slurm
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Number("SLURM_PROCID") is not { } rank || environment.Text("SLURM_STEP_ID") is not { } step) return null;
        const string launcher = "srun";
        var ranks = environment.Number("SLURM_STEP_NUM_TASKS") ?? environment.Number("SLURM_NTASKS") ?? environment.Required("SLURM_NPROCS", launcher);
        var job = $"slurm.{environment.Text("SLURM_JOB_ID") ?? environment.Text("SLURM_JOBID")}.{step}";
        var nodes = environment.Number("SLURM_STEP_NUM_NODES") ?? environment.Number("SLURM_NNODES");
        var list = environment.Text("SLURM_STEP_NODELIST") ?? environment.Text("SLURM_JOB_NODELIST") ?? environment.Text("SLURM_NODELIST");
        var first = nodes == 1 || list is null ? null : SlurmNodeList.First(list);
        return new LaunchInfo(launcher, rank, ranks, environment.Address(first, nodes == 1 || ranks == 1, launcher), environment.Ports(job), $"{job}.{environment.Number("SLURM_RESTART_COUNT") ?? 0}")
        {
            LocalRank = environment.Number("SLURM_LOCALID"),
            LocalRanks = nodes == 1 ? ranks : LocalRanks(environment),
        };
    }

    // "4" or "4(x2),3": tasks of each node, equal neighbours joined.
    private static int? LocalRanks(LaunchEnvironment environment)
    {
        if (environment.Text("SLURM_STEP_TASKS_PER_NODE") is not { } text || environment.Number("SLURM_NODEID") is not { } node) return null;
        foreach (var part in text.Split(','))
        {
            var bracket = part.IndexOf('(', StringComparison.Ordinal);
            if (!int.TryParse(bracket < 0 ? part : part[..bracket], out var tasks)) return null;
            var repeats = 1;
            if (bracket >= 0 && !int.TryParse(part[(bracket + 1)..].TrimStart('x').TrimEnd(')'), out repeats)) return null;
            if (node < repeats) return tasks;
            node -= repeats;
        }
        return null;
    }
}
