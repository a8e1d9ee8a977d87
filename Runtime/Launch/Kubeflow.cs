namespace GShard;

/// <summary>
/// Kubeflow. The Trainer of version 2 sets torchrun's own options (<c>PET_*</c>) and starts one process a node, which has to start the others;
/// a node that shall have one process is a rank itself. Version 1 sets <c>env://</c> variables without a local rank, which are read as such.
/// </summary>
internal static class Kubeflow
{
    public static LaunchInfo? Read(LaunchEnvironment environment)
    {
        if (environment.Text("PET_NNODES") is not { } nodes) return null;
        const string launcher = "Kubeflow";
        var ranks = int.TryParse(nodes.Split(':')[0], out var count) ? count : throw new LaunchException($"PET_NNODES is '{nodes}', which is no number; it is set by Kubeflow.");
        if (environment.Text("PET_NPROC_PER_NODE") is { } each && each is not ("1" or "auto" or "cpu" or "gpu"))
            throw new LaunchException($"Kubeflow asks for {each} processes on this node (PET_NPROC_PER_NODE) and has started one; start them with gshard launch (command: gshard launch app.dll), which reads the same variables.");
        var rank = environment.Number("PET_NODE_RANK") ?? environment.Required("JOB_COMPLETION_INDEX", launcher);
        var port = environment.Number("GSHARD_PORT") ?? environment.Number("PET_MASTER_PORT");
        return new LaunchInfo(
            launcher,
            rank,
            ranks,
            environment.Text("PET_MASTER_ADDR") ?? environment.Address(null, ranks == 1, launcher),
            port is { } given ? [given] : environment.Ports(),
            $"pet.{environment.Text("PET_RDZV_ID") ?? "job"}")
        {
            LocalRank = 0,
            LocalRanks = 1,
        };
    }
}
