namespace GShard;

/// <summary>Open MPI's mpirun.</summary>
internal static class OpenMpi
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Number("OMPI_COMM_WORLD_RANK") is not { } rank) return null;
        const string launcher = "mpirun (Open MPI)";
        var ranks = environment.Required("OMPI_COMM_WORLD_SIZE", launcher);
        var local = environment.Number("OMPI_COMM_WORLD_LOCAL_SIZE");
        var job = $"ompi.{environment.Text("PMIX_NAMESPACE") ?? environment.Text("OMPI_MCA_ess_base_jobid") ?? "job"}";
        return new LaunchInfo(launcher, rank, ranks, environment.Address(null, local == ranks, launcher), environment.Ports(job), job)
        {
            LocalRank = environment.Number("OMPI_COMM_WORLD_LOCAL_RANK"),
            LocalRanks = local,
        };
    }
}
