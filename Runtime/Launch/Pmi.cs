namespace GShard;

/// <summary>PMI, by which MPICH's and Intel's mpirun start processes.</summary>
internal static class Pmi
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Number("PMI_RANK") is not { } rank) return null;
        const string launcher = "mpirun (PMI)";
        var ranks = environment.Required("PMI_SIZE", launcher);
        var local = environment.Number("MPI_LOCALNRANKS") ?? environment.Number("PALS_LOCAL_SIZE");
        var job = $"pmi.{environment.Text("PMI_JOBID") ?? environment.Text("PALS_APID") ?? environment.Text("HYDI_CONTROL_FD") ?? "job"}";
        return new LaunchInfo(launcher, rank, ranks, environment.Address(null, local == ranks, launcher), environment.Ports(job), job)
        {
            LocalRank = environment.Number("MPI_LOCALRANKID") ?? environment.Number("PALS_LOCAL_RANKID"),
            LocalRanks = local,
        };
    }
}
