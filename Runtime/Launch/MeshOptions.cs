using System.Globalization;

namespace GShard;

/// <summary>
/// How processes form a mesh. What is not set comes from the environment, else from a default. All ranks must have the same; they compare it
/// at the start.
/// </summary>
public sealed record MeshOptions
{
    /// <summary>What carries the collectives: <c>gloo</c>, or <c>nccl</c> between tensors on CUDA devices. <c>GSHARD_BACKEND</c>.</summary>
    public string Backend { get; init; } = "gloo";

    /// <summary>How sums over an axis are rounded. <c>GSHARD_ALLREDUCE</c>: <c>automatic</c>, <c>ordered</c> or <c>native</c>.</summary>
    public AllReduceOrder AllReduce { get; init; }

    /// <summary>How long a rank waits for the others in one collective; 60 s. <c>GSHARD_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the start waits for all ranks; 5 min. <c>GSHARD_START_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A rank that shows no sign of life for so long is taken for lost; 10 s. <c>GSHARD_HEARTBEAT</c>, in seconds.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a rank that has learnt of a failure may take to unwind before its process is ended; 5 s, and 1 s more where another is at fault. <c>GSHARD_GRACE</c>, in seconds.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether <c>Backward</c> goes on while large gradients are exchanged; see <see cref="DeviceMesh.OverlapsGradients"/>. <c>GSHARD_OVERLAP</c>: <c>1</c>, as without it, or <c>0</c>.</summary>
    public bool OverlapGradients { get; init; } = true;

    /// <summary>Whether ranks also compare the member that calls each collective, which costs a stack walk. <c>GSHARD_CHECK=collectives</c>.</summary>
    public bool CheckCollectives { get; init; }

    internal TimeSpan BeatInterval => Heartbeat / 8;

    /// <summary>The options that the environment sets.</summary>
    /// <exception cref="LaunchException">A variable has a value that cannot be read.</exception>
    public static MeshOptions FromEnvironment() => Read(Environment.GetEnvironmentVariable);

    internal static MeshOptions Read(Func<string, string?> variable)
    {
        var options = new MeshOptions();
        return options with
        {
            Backend = variable("GSHARD_BACKEND")?.ToLowerInvariant() switch
            {
                null or "" => options.Backend,
                ("gloo" or "nccl") and var known => known,
                var other => throw new LaunchException($"GSHARD_BACKEND is '{other}'; it can be gloo or nccl."),
            },
            AllReduce = variable("GSHARD_ALLREDUCE") is { Length: > 0 } order
                ? Enum.TryParse<AllReduceOrder>(order, ignoreCase: true, out var parsed) && !char.IsDigit(order[0]) ? parsed
                    : throw new LaunchException($"GSHARD_ALLREDUCE is '{order}'; it can be automatic, ordered or native.")
                : options.AllReduce,
            Timeout = Seconds("GSHARD_TIMEOUT", options.Timeout),
            StartTimeout = Seconds("GSHARD_START_TIMEOUT", options.StartTimeout),
            Heartbeat = Seconds("GSHARD_HEARTBEAT", options.Heartbeat),
            Grace = Seconds("GSHARD_GRACE", options.Grace),
            OverlapGradients = variable("GSHARD_OVERLAP") switch
            {
                null or "" => options.OverlapGradients,
                "1" => true,
                "0" => false,
                var other => throw new LaunchException($"GSHARD_OVERLAP is '{other}'; it can be 1 or 0."),
            },
            CheckCollectives = variable("GSHARD_CHECK") switch
            {
                null or "" => false,
                "collectives" => true,
                var other => throw new LaunchException($"GSHARD_CHECK is '{other}'; it can be collectives."),
            },
        };

        TimeSpan Seconds(string name, TimeSpan otherwise)
        {
            if (variable(name) is not { Length: > 0 } text) return otherwise;
            return double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e7
                ? TimeSpan.FromSeconds(seconds)
                : throw new LaunchException($"{name} is '{text}'; it is a number of seconds above 0.");
        }
    }

    internal Dictionary<string, string> Settings() => new()
    {
        ["backend"] = $"'{Backend}'",
        ["all-reduce"] = AllReduce.ToString().ToLowerInvariant(),
        ["time-out"] = Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture) + " s",
        ["overlap of gradients"] = OverlapGradients ? "on" : "off",
        ["check"] = CheckCollectives ? "collectives" : "no more than shapes",
    };
}
