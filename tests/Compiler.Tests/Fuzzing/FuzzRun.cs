using System.Collections.Concurrent;
using System.Diagnostics;
using GShard.Compiler.Operators;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Many random programs: drawn, checked, counted; failures shrunk and printed.</summary>
internal sealed class FuzzRun
{
    private readonly ConcurrentDictionary<string, int> refused = new();
    private readonly ConcurrentDictionary<string, int> operators = new();
    private readonly ConcurrentDictionary<string, (int Count, int Seed, string Report)> failures = new();
    private int programs, passed, rough, split, communicating, regions, operations;

    public IReadOnlyDictionary<string, int> Refused => refused;

    /// <summary>Operators by the number of programs that held them.</summary>
    public IReadOnlyDictionary<string, int> Operators => operators;

    /// <summary>Failures by kind: how many, the first one's seed and report.</summary>
    public IReadOnlyDictionary<string, (int Count, int Seed, string Report)> Failures => failures;

    public int Programs => programs;

    public int Passed => passed;

    public int Rough => rough;

    /// <summary>Programs in which at least one value lies split.</summary>
    public int Split => split;

    /// <summary>Programs that ran at least one collective.</summary>
    public int Communicating => communicating;

    /// <summary>Programs with a loop, a branch or a call.</summary>
    public int Regions => regions;

    /// <summary>The counts in one line.</summary>
    public string Summary(int seed) =>
        $"{programs} programs, {passed} passed, {refused.Values.Sum()} refused{(refused.IsEmpty ? "" : " (" + string.Join("; ", refused.OrderByDescending(r => r.Value).Select(r => $"{r.Value} {r.Key}")) + ")")}, "
        + $"{rough} at a kink, {failures.Values.Sum(f => f.Count)} failed, {operators.Count} of {OperatorTable.All.Count()} operators, {split} split, {communicating} communicating, {regions} with regions, "
        + $"{operations / Math.Max(1, programs)} operators each, seed {seed}";

    /// <summary>Checks the programs of consecutive seeds on all cores.</summary>
    public static FuzzRun Of(int count, int seed, int cores, Action<string>? report = null)
    {
        var run = new FuzzRun();
        var clock = Stopwatch.StartNew();
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = cores }, i =>
        {
            run.Check(unchecked(seed * 1_000_003 + i), report);
            if (run.programs % 1000 == 0) report?.Invoke($"{run.programs} of {count} programs, {run.failures.Values.Sum(f => f.Count)} failed, {clock.Elapsed.TotalSeconds:F0} s");
        });
        return run;
    }

    private void Check(int seed, Action<string>? report)
    {
        var (fuzz, verdict) = Settled(seed);
        Interlocked.Increment(ref programs);
        if (fuzz is not null)
        {
            foreach (var name in fuzz.Operations.Select(o => o.Name).Distinct()) operators.AddOrUpdate(name, 1, (_, n) => n + 1);
            Interlocked.Add(ref operations, fuzz.Operations.Count());
            if (fuzz.Operations.Any(o => o.Name is "foreach" or "if" or "call")) Interlocked.Increment(ref regions);
        }

        if (verdict.Splits > 0) Interlocked.Increment(ref split);
        if (verdict.Collectives.Count > 0) Interlocked.Increment(ref communicating);
        switch (verdict.Outcome)
        {
            case Outcome.Passed:
                Interlocked.Increment(ref passed);
                break;
            case Outcome.Rough:
                Interlocked.Increment(ref rough);
                break;
            case Outcome.Refused:
                refused.AddOrUpdate(verdict.Kind, 1, (_, n) => n + 1);
                break;
            default:
                Fail(seed, fuzz, verdict, report);
                break;
        }
    }

    /// <summary>The program of a seed; values that lie at a kink are drawn anew.</summary>
    public static (FuzzCase? Fuzz, Verdict Verdict) Settled(int seed)
    {
        FuzzCase fuzz;
        try
        {
            fuzz = RandomProgram.Draw(seed);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (null, new Verdict(Outcome.Failed, "drawing: " + e.GetType().Name + " " + e.Message.Split('\n')[0], e.ToString()));
        }

        var verdict = ProgramOracle.Check(fuzz);
        for (var again = 1; again < 4 && verdict.Outcome == Outcome.Rough; again++)
        {
            fuzz = fuzz with { Seed = unchecked(seed + 7919 * again) };
            verdict = ProgramOracle.Check(fuzz);
        }

        return (fuzz, verdict);
    }

    private static string Compiled(FuzzCase fuzz)
    {
        try
        {
            var compiled = ShardingCompiler.Compile(fuzz.Root);
            return $"compiled\n{compiled.Forward}{compiled.Backward}";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return "";
        }
    }

    private void Fail(int seed, FuzzCase? fuzz, Verdict verdict, Action<string>? report)
    {
        var isNew = false;
        failures.AddOrUpdate(verdict.Kind, _ =>
        {
            isNew = true;
            return (1, seed, "");
        }, (_, f) => f with { Count = f.Count + 1 });
        if (!isNew) return;
        var text = $"seed {seed}: {verdict.Kind}\n{verdict.Message}\n{fuzz?.Print()}";
        if (fuzz is not null)
        {
            var (small, last) = Shrinker.Shrink(fuzz, verdict);
            text = $"seed {seed}: {verdict.Kind}\n{last.Message}\n{small.Print()}\n{Compiled(small)}";
        }

        failures[verdict.Kind] = failures[verdict.Kind] with { Report = text };
        report?.Invoke(text + "\n");
    }
}
