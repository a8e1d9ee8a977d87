using System.Globalization;
using System.Text.Json;

namespace GShard.Process.Tests;

/// <summary>Runs the ranks of a program of which a fault strikes one, each rank a process of its own.</summary>
internal sealed class FaultRun : IDisposable
{
    private const int Ranks = 3;

    // Short, that tests may be too; the defaults are longer.
    private static readonly Dictionary<string, string> Limits = new()
    {
        ["GSHARD_TIMEOUT"] = "5",
        ["GSHARD_START_TIMEOUT"] = "60",
        ["GSHARD_HEARTBEAT"] = "5",
        ["GSHARD_GRACE"] = "2",
    };

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("gshard-faults-").FullName;
    private readonly Child[] children;
    private readonly string row;
    private DateTime? struck;

    /// <summary>Starts all ranks.</summary>
    /// <param name="fault">What strikes.</param>
    /// <param name="victim">The rank that it strikes.</param>
    /// <param name="variables">More for the environment of each.</param>
    /// <param name="program">The program of each rank, where it is not the same.</param>
    /// <param name="command">What to put before the command line of a rank.</param>
    /// <param name="address">The address of rank 0.</param>
    /// <param name="row">The case's name in docs/reliability.md, where it is not the fault's.</param>
    public FaultRun(
        string fault, int victim = 1, Dictionary<string, string>? variables = null, Func<int, string>? program = null, Func<int, string[]>? command = null, string address = "127.0.0.1",
        string? row = null)
    {
        this.row = row ?? fault;
        Victim = victim;
        var port = FreePort.Take();
        children = [.. Enumerable.Range(0, Ranks).Select(Start)];

        Child Start(int rank)
        {
            var all = new Dictionary<string, string>(Limits)
            {
                ["RANK"] = rank.ToString(CultureInfo.InvariantCulture),
                ["WORLD_SIZE"] = Ranks.ToString(CultureInfo.InvariantCulture),
                ["LOCAL_WORLD_SIZE"] = Ranks.ToString(CultureInfo.InvariantCulture),
                ["MASTER_ADDR"] = address,
                ["MASTER_PORT"] = port,
                ["TORCHELASTIC_ERROR_FILE"] = ErrorFile(rank),
            };
            foreach (var (name, value) in variables ?? []) all[name] = value;
            string[] line = [.. command?.Invoke(rank) ?? [], "dotnet", program?.Invoke(rank) ?? Child.Program("RankProgram.dll"), fault, victim.ToString(CultureInfo.InvariantCulture)];
            return new Child(line[0], line[1..], all);
        }
    }

    public int Victim { get; }

    public Child this[int rank] => children[rank];

    /// <summary>Waits until the fault strikes.</summary>
    public void WaitForFault()
    {
        children[Victim].WaitFor("fault at ", StartTime);
        struck = TimeOf("fault at ", Victim);
    }

    /// <summary>Takes the fault for struck now.</summary>
    public void Strike() => struck = DateTime.UtcNow;

    /// <summary>Every other rank ends in time, with an exit code that is not 0 and a message that has all of the texts.</summary>
    public void OthersFailWith(params string[] texts) => FailWith([.. Enumerable.Range(0, Ranks).Where(rank => rank != Victim)], texts);

    /// <summary>These ranks end in time, with an exit code that is not 0 and a message that has all of the texts.</summary>
    public void FailWith(int[] ranks, params string[] texts)
    {
        foreach (var rank in ranks)
        {
            var child = children[rank];
            Assert.True(child.Wait(StartTime + Deadline), $"rank {rank} did not end:\n{All()}");
            Assert.True(child.ExitCode != 0, $"rank {rank} ended well:\n{All()}");
            foreach (var text in texts) Assert.True(child.Error.Contains(text, StringComparison.Ordinal), $"rank {rank} does not say '{text}':\n{All()}");
            var error = JsonDocument.Parse(File.ReadAllText(ErrorFile(rank))).RootElement.GetProperty("message");
            Assert.Contains(texts[0], error.GetProperty("message").GetString());
            Assert.True(long.Parse(error.GetProperty("extraInfo").GetProperty("timestamp").GetString()!, CultureInfo.InvariantCulture) > 1_700_000_000);
        }
        // A fault of the start strikes when the ranks are there: until then they load.
        var begin = struck ?? ranks.Max(rank => TimeOf("begins at ", rank));
        var times = ranks.Select(rank => (children[rank].EndedAt - begin).TotalSeconds).ToArray();
        Assert.True(times.Max() <= Deadline.TotalSeconds, $"the last rank ended after {times.Max():0.0} s:\n{All()}");
        Measured(times);
    }

    public string All() => string.Join('\n', children.Select((child, rank) => $"--- rank {rank}: {(child.HasEnded ? $"exit code {child.ExitCode}" : "running")}\n{child.Output}{child.Error}"));

    public void Dispose()
    {
        foreach (var child in children) child.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // For docs/reliability.md: eng/faults.sh names the file.
    private void Measured(double[] times)
    {
        if (Environment.GetEnvironmentVariable("GSHARD_FAULT_TIMES") is not { Length: > 0 } path) return;
        File.AppendAllText(path, $"{row} {Victim} {string.Join(' ', times.Select(time => time.ToString("0.00", CultureInfo.InvariantCulture)))}\n");
    }

    // The time in a line that a rank has written, in milliseconds.
    private DateTime TimeOf(string what, int rank)
    {
        var line = children[rank].Output.Split('\n').First(text => text.StartsWith(what, StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(line[what.Length..], CultureInfo.InvariantCulture)).UtcDateTime;
    }

    private string ErrorFile(int rank) => Path.Combine(folder, $"error{rank.ToString(CultureInfo.InvariantCulture)}.json");
}
