using System.Globalization;
using GShard.Compiler.Operators;
using Xunit.Abstractions;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>
/// The master test: random programs, meshes and annotations on simulated ranks equal the plain program, forward and every gradient.
/// <c>eng/fuzz.sh N [SEED]</c> runs as many as one likes.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Programs = 300;
    private const int Seed = 1;

    [Fact]
    public void Random_programs_on_random_meshes_equal_the_plain_program_forward_and_in_every_gradient()
    {
        var count = Number("GSHARD_FUZZ_PROGRAMS", Programs);
        var seed = Number("GSHARD_FUZZ_SEED", Seed);
        var cores = Number("GSHARD_FUZZ_CORES", Environment.ProcessorCount);
        var log = Environment.GetEnvironmentVariable("GSHARD_FUZZ_LOG");
        var gate = new Lock();
        void Report(string text)
        {
            if (log is null) return;
            lock (gate) File.AppendAllText(log, text + "\n");
        }

        var run = FuzzRun.Of(count, seed, cores, Report);
        Report(run.Summary(seed));
        foreach (var (kind, failure) in run.Failures.OrderByDescending(f => f.Value.Count)) Report($"  {failure.Count} failed: {kind} (first seed {failure.Seed})");
        output.WriteLine(run.Summary(seed));
        Assert.True(run.Failures.Count == 0, string.Join("\n\n", run.Failures.Values.Select(f => f.Report)));
        Assert.True(run.Refused.Values.Sum() <= Math.Max(3, run.Programs * 4 / 100), run.Summary(seed));
        Assert.True(run.Rough <= Math.Max(3, run.Programs * 4 / 100), run.Summary(seed));
        Assert.True(run.Split * 2 > run.Programs, run.Summary(seed));
        Assert.True(run.Communicating * 2 > run.Programs, run.Summary(seed));
        string[] missing = [.. OperatorTable.All.Select(o => o.Name).Where(n => !SampleDraws.IsKernel(n) && !run.Operators.ContainsKey(n))];
        Assert.True(missing.Length == 0, $"never drawn: {string.Join(", ", missing)}");
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
