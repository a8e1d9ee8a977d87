using System.Globalization;

namespace GShard;

/// <summary>
/// Reads what launchers tell their processes through the environment: torchrun, SLURM, Open MPI, PMI, Kubeflow and Kubernetes' indexed jobs,
/// the first that has set its variables. Without any, the process is alone.
/// </summary>
internal sealed class LaunchEnvironment(Func<string, string?> variable)
{
    private const int DefaultPort = 29500;

    // Ports beside one that torchrun's own store has taken, of which rank 0 takes the first that is free.
    private const int PortsBeside = 8;

    private static readonly Func<LaunchEnvironment, LaunchInfo?>[] Launchers =
        [Torchrun.Read, Slurm.Read, OpenMpi.Read, Pmi.Read, Kubeflow.Read, IndexedJob.Read];

    /// <summary>What the launcher of this process has told it.</summary>
    /// <exception cref="LaunchException">A launcher's variables are incomplete or contradict each other.</exception>
    public static LaunchInfo Read(Func<string, string?> variable)
    {
        var environment = new LaunchEnvironment(variable);
        var launch = Launchers.Select(read => read(environment)).FirstOrDefault(found => found is not null) ?? environment.Alone();
        if (launch.Ranks < 1 || launch.Rank < 0 || launch.Rank >= launch.Ranks)
            throw new LaunchException($"{launch.Launcher} says that this is rank {launch.Rank} of {launch.Ranks}, which cannot be.");
        return launch;
    }

    // Half of what env:// takes is no launcher's, and every rank alone would train as if it were all.
    private LaunchInfo Alone() => (Text("RANK"), Text("WORLD_SIZE")) switch
    {
        ({ } rank, null) => throw new LaunchException($"RANK is {rank}, but WORLD_SIZE is not set; set WORLD_SIZE to the number of ranks, start the ranks by a launcher, or clear RANK for a process alone."),
        (null, { } ranks) when Number("WORLD_SIZE") != 1 => throw new LaunchException($"WORLD_SIZE is {ranks}, but RANK is not set; set RANK to this process's number from 0, start the ranks by a launcher, or clear WORLD_SIZE for a process alone."),
        _ => new LaunchInfo("no launcher", 0, 1, "127.0.0.1", [0], "alone"),
    };

    /// <summary>A variable's text, or null where it is unset or empty.</summary>
    public string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

    /// <summary>A variable's number, or null where it is unset or empty.</summary>
    /// <exception cref="LaunchException">It is no number.</exception>
    public int? Number(string name)
    {
        if (Text(name) is not { } text) return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new LaunchException($"{name} is '{text}', which is no number; it is set by the launcher.");
    }

    /// <summary>A number that a launcher always sets.</summary>
    public int Required(string name, string launcher) =>
        Number(name) ?? throw new LaunchException($"{launcher} has started this process, but {name} is not set; start it by the launcher, or clear the launcher's other variables.");

    /// <summary>The host of rank 0: what the environment says, else what the launcher knows, else this host where all ranks are on it.</summary>
    public string Address(string? known, bool isOneHost, string launcher) =>
        Text("MASTER_ADDR") ?? known ?? (isOneHost
            ? "127.0.0.1"
            : throw new LaunchException($"{launcher} does not say where rank 0 is; set MASTER_ADDR to the name or address of its host, the same on every rank."));

    /// <summary>The port of rank 0: what the environment says, else one made of the job's name, so that two jobs on a host do not meet.</summary>
    public int[] Ports(string? job = null)
    {
        if ((Number("GSHARD_PORT") ?? Number("MASTER_PORT")) is { } port) return [port];
        if (job is null) return [DefaultPort];
        var hash = job.Aggregate(2166136261u, (h, c) => (h ^ c) * 16777619u);
        return [20000 + (int)(hash % 10000)];
    }

    /// <summary>Ports beside the one that the launcher's own store listens at.</summary>
    public int[] PortsBesideMaster() =>
        Number("GSHARD_PORT") is { } own ? [own] : [.. Enumerable.Range(1, PortsBeside).Select(i => ((Number("MASTER_PORT") ?? DefaultPort) + i) % 65536)];
}
