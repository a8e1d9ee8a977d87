using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GShard.Tool.Launch;

/// <summary>Which processes a launch starts here, and what they are told.</summary>
/// <param name="File">The executable.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Count">Processes on this host.</param>
/// <param name="Hosts">The number of hosts.</param>
/// <param name="Host">This host, from 0.</param>
/// <param name="Address">The host of rank 0.</param>
/// <param name="Port">The port of rank 0.</param>
/// <param name="Run">A name of the run.</param>
internal sealed record LaunchPlan(string File, IReadOnlyList<string> Arguments, int Count, int Hosts, int Host, string Address, int Port, string Run)
{
    private const int DefaultPort = 29500;

    /// <summary>The plan of a command line. Kubeflow's variables (<c>PET_*</c>) stand for options that are not given.</summary>
    /// <exception cref="LaunchInputException">The options contradict each other, or the program is not there.</exception>
    public static LaunchPlan Of(
        Func<string, string?> variable, int? count, int hosts, int host, string? address, int? port, string program, IReadOnlyList<string> arguments)
    {
        var isKubeflow = hosts == 1 && variable("PET_NNODES") is { Length: > 0 };
        if (isKubeflow)
        {
            hosts = Number(variable, "PET_NNODES") ?? 1;
            host = Number(variable, "PET_NODE_RANK") ?? Number(variable, "JOB_COMPLETION_INDEX") ?? 0;
            address ??= variable("PET_MASTER_ADDR");
            port ??= Number(variable, "PET_MASTER_PORT");
            count ??= variable("PET_NPROC_PER_NODE") is { } each && int.TryParse(each, out var n) ? n : null;
        }
        var processes = count ?? Environment.ProcessorCount;
        if (processes < 1) throw new LaunchInputException($"-n {processes} cannot be: at least 1 process is started.");
        if (hosts < 1 || host < 0 || host >= hosts) throw new LaunchInputException($"--host {host} of --hosts {hosts} cannot be: hosts are counted from 0.");
        if (hosts > 1 && address is null) throw new LaunchInputException($"with --hosts {hosts}, --address must name host 0, the same on every host.");
        var isManaged = program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        if (isManaged && !System.IO.File.Exists(program)) throw new LaunchInputException($"there is no file '{program}'.");
        if (!isManaged && !OperatingSystem.IsWindows()) CheckExecutable(program, variable("PATH") ?? "");
        return new LaunchPlan(
            isManaged ? "dotnet" : program,
            isManaged ? ["exec", program, .. arguments] : arguments,
            processes,
            hosts,
            host,
            address ?? "127.0.0.1",
            port ?? (hosts == 1 ? FreePort() : DefaultPort),
            hosts == 1 ? Guid.NewGuid().ToString("N")[..8] : "hosts");
    }

    /// <summary>The variables of a process, as torchrun sets them.</summary>
    public IEnumerable<(string Name, string Value)> Variables(int local)
    {
        static string Text(int n) => n.ToString(CultureInfo.InvariantCulture);
        yield return ("RANK", Text(Rank(local)));
        yield return ("WORLD_SIZE", Text(Hosts * Count));
        yield return ("LOCAL_RANK", Text(local));
        yield return ("LOCAL_WORLD_SIZE", Text(Count));
        yield return ("GROUP_RANK", Text(Host));
        yield return ("MASTER_ADDR", Address);
        yield return ("MASTER_PORT", Text(Port));
        yield return ("GSHARD_LAUNCH", Run);
    }

    /// <summary>The rank of a process of this host.</summary>
    public int Rank(int local) => (Host * Count) + local;

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void CheckExecutable(string program, string path)
    {
        const UnixFileMode anyone = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var hasFolder = program.Contains('/', StringComparison.Ordinal);
        var found = hasFolder ? [program] : path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).ToArray();
        found = [.. found.Where(System.IO.File.Exists)];
        if (found.Any(file => (System.IO.File.GetUnixFileMode(file) & anyone) != 0)) return;
        throw new LaunchInputException(
            found.Length > 0 ? $"'{found[0]}' is not executable; see its mode (chmod +x), or name a program."
            : hasFolder ? $"there is no file '{program}'."
            : $"there is no program '{program}' in PATH; {(System.IO.File.Exists(program) ? $"for the file here write ./{program}" : "name app.dll, an executable's path or one in PATH")}.");
    }

    private static int? Number(Func<string, string?> variable, string name) =>
        variable(name) is not { Length: > 0 } text ? null
        : int.TryParse(text.Split(':')[0], CultureInfo.InvariantCulture, out var n) ? n
        : throw new LaunchInputException($"{name} is '{text}', which is no number.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
