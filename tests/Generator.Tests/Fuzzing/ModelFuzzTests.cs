using System.Globalization;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Tests.Fuzzing;
using GShard.Generator.Tests.Execution;
using TorchSharp;
using Xunit.Abstractions;

namespace GShard.Generator.Tests.Fuzzing;

/// <summary>
/// Random programs as C#: read, sharded, generated, compiled, and run on the ranks of a mesh on real tensors; results and every gradient equal
/// the plain module's under libtorch's autograd. <c>eng/fuzz.sh</c> runs one for every twenty that the interpreter runs.
/// </summary>
public sealed class ModelFuzzTests(ITestOutputHelper output)
{
    private const int Programs = 40;
    private const int Seed = 1;
    private const int Batch = 40;

    private static readonly FuzzOptions Written = new()
    {
        Allows = ExpressionText.Knows,
        ShowsFirst = ExpressionText.ShowsFirst,
        Real = "f64",
        MostArguments = 4,
        Longest = 40,
    };

    [Fact]
    public void Random_models_run_sharded_as_they_run_plain()
    {
        var count = Number("GSHARD_FUZZ_MODELS", Programs);
        var seed = Number("GSHARD_FUZZ_SEED", Seed);
        var log = Environment.GetEnvironmentVariable("GSHARD_FUZZ_LOG");
        var tally = new ModelTally();
        for (var first = 0; first < count; first += Batch)
        {
            foreach (var report in Check([.. Enumerable.Range(first, Math.Min(Batch, count - first)).Select(i => unchecked(seed * 1_000_003 + i))], tally))
                if (log is not null) File.AppendAllText(log, report + "\n");
        }

        output.WriteLine(tally.Summary(seed));
        if (log is not null) File.AppendAllText(log, tally.Summary(seed) + "\n");
        Assert.True(tally.Failures.Count == 0, string.Join("\n\n", tally.Failures.Take(3)));
        Assert.True(tally.Refused.Values.Sum() <= Math.Max(3, tally.Programs * 8 / 100), tally.Summary(seed));
    }

    private static IEnumerable<string> Check(int[] seeds, ModelTally tally)
    {
        var drawn = seeds.Select(Draw).ToList();
        var texts = drawn.Select((d, i) => ModelText.Of(d.Fuzz, "Fuzz" + i)).ToList();
        var models = CompiledModel.All(texts, i => "Fuzz" + i);
        for (var i = 0; i < seeds.Length; i++)
        {
            tally.Programs++;
            var report = Run(drawn[i].Fuzz, drawn[i].Value, models[i], tally);
            if (report is null) continue;
            var text = $"model of seed {seeds[i]}, {Mesh(drawn[i].Fuzz)}: {report}\n{texts[i]}";
            tally.Failures.Add(text);
            yield return text;
        }
    }

    /// <summary>Null where the model passed or was refused.</summary>
    private static string? Run(FuzzCase fuzz, Func<Value, NdArray> value, (CompiledModel? Model, string? Error) compiled, ModelTally tally)
    {
        if (compiled.Model is not { } model) return compiled.Error;
        var errors = model.Reading.Findings.Where(f => f.Finding.Severity == Compiler.Severity.Error).ToList();
        if (errors.Count > 0)
        {
            if (errors.Any(e => e.Finding.Id == "GSH4012")) return $"{errors[0].Finding.Message}\n{Interpreted(fuzz)}";
            tally.Refuse(errors[0].Finding.Id + " " + errors[0].Finding.Message);
            return null;
        }

        var read = model.Reading.Class!.Methods.Single(m => m.Name == "forward").Program!;
        var given = fuzz.Root.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => p.Value.IsDifferentiable);
        if (!given.SequenceEqual(read.Forward.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => p.Value.IsDifferentiable)))
        {
            tally.Refuse("whole numbers that nothing uses as indices");
            return null;
        }

        object[] arguments = [.. fuzz.Root.Parameters.Where(p => p.Kind == ParameterKind.Argument).Select(p => Tensor(p.Value, value(p.Value)))];
        try
        {
            Execution.Equivalence.Check(model, Mesh(fuzz), "forward", arguments);
            tally.Passed++;
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The drawer's random numbers are others than the model's, which may lie at a pole.
            if (e.ToString().Contains("is off by NaN", StringComparison.Ordinal) && fuzz.Operations.Any(o => o.Name is "dropout" or "top2_gating"))
            {
                tally.Refuse("random numbers at a pole");
                return null;
            }

            // Of dims without annotation two modules may make different things.
            if (e.ToString().Contains("is the same parameter as", StringComparison.Ordinal))
            {
                tally.Refuse("a tied weight that two modules split otherwise");
                return null;
            }

            return $"{e}\n{read.Logical}{read.Forward}{read.Backward}";
        }
    }

    /// <summary>What the interpreter says of the same program, whose annotations are all that there is; where that is wrong, too, a small one.</summary>
    private static string Interpreted(FuzzCase fuzz)
    {
        var closed = fuzz with { Root = Rewritten.Of(fuzz.Root, (v, t) => fuzz.Root.Parameters.Any(p => p.Value == v) ? t.Sharding.Close() : t.Sharding) };
        var verdict = ProgramOracle.Check(closed);
        if (verdict.Outcome != Outcome.Failed) return $"The interpreter says: {verdict.Outcome}.";
        var (small, last) = Shrinker.Shrink(closed, verdict);
        return $"The interpreter says: {last.Message}\n{small.Print()}";
    }

    private static (FuzzCase Fuzz, Func<Value, NdArray> Value) Draw(int seed)
    {
        var fuzz = RandomProgram.Draw(seed, Written);
        // A module takes an argument.
        if (fuzz.Root.Parameters.All(p => p.Kind != ParameterKind.Argument))
        {
            var unused = new Parameter(new Value("unused", new TensorType(ElementType.Float, [1], TensorSharding.FullyReplicated(1))), ParameterKind.Argument);
            fuzz = fuzz with { Root = fuzz.Root with { Parameters = fuzz.Root.Parameters.Add(unused) } };
        }

        return (fuzz, v => InputValues.Draw(v, fuzz.Domains.GetValueOrDefault(v.Name, ""), fuzz.Size, fuzz.Seed));
    }

    private static torch.Tensor Tensor(Value value, NdArray data)
    {
        var tensor = torch.tensor(data.Data).reshape(data.Shape);
        return value.Tensor.Element switch
        {
            ElementType.Bool => tensor.to(torch.ScalarType.Bool),
            ElementType.Int64 => tensor.to(torch.ScalarType.Int64),
            ElementType.Int32 => tensor.to(torch.ScalarType.Int32),
            _ => tensor,
        };
    }

    private static string Mesh(FuzzCase fuzz) => string.Join(", ", fuzz.Axes.Select(a => $"{a.Axis}={a.Size}"));

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
