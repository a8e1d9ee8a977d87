using System.Text.RegularExpressions;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>
/// Holds a case against the plain program: results on every rank against one device; gradients on one device against finite differences of
/// the plain program, along random directions of all parameters; every rank's gradients, element by element, against those.
/// </summary>
internal sealed class ProgramOracle
{
    private const double Tolerance = 2e-5;

    // The largest needs no more than one evaluation where all is smooth; a kink that it steps over is out of reach of the others.
    private static readonly double[] Steps = [2e-4, 2e-5, 3e-6];

    private readonly FuzzCase fuzz;
    private readonly Dictionary<string, NdArray> inputs;
    private readonly List<object?[]> frozen = [];
    private NdArray[] expected = [];

    private ProgramOracle(FuzzCase fuzz)
    {
        this.fuzz = fuzz;
        inputs = fuzz.Root.Parameters.ToDictionary(p => p.Value.Name, p => InputValues.Draw(p.Value, Domain(p.Value), Size, fuzz.Seed));
    }

    /// <summary>Checks a case; never throws.</summary>
    public static Verdict Check(FuzzCase fuzz)
    {
        try
        {
            return new ProgramOracle(fuzz).Run();
        }
        catch (RoughException e)
        {
            return new Verdict(Outcome.Rough, e.Message, e.Message);
        }
        catch (ShapeException e)
        {
            return new Verdict(Outcome.Refused, Regex.Replace(Regex.Replace(e.Message, "'[^']*'|\\[[^\\]]*\\]", "…"), @"\b(?:[A-Za-z_]*\d+|[A-Z])\b", "#"), e.Message);
        }
        catch (WrongException e)
        {
            return new Verdict(Outcome.Failed, e.Kind, e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (e.GetBaseException() is RoughException) return new Verdict(Outcome.Rough, e.GetBaseException().Message, e.Message);
            var at = e.GetBaseException().StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("GShard", StringComparison.Ordinal))?.Trim().Split('(')[0] ?? "";
            return new Verdict(Outcome.Failed, $"{e.GetBaseException().GetType().Name} {at}", e.ToString());
        }
    }

    private Verdict Run()
    {
        var module = PlainModule();
        var observed = new MultiRankEvaluator([], module) { Observe = Freeze };
        try
        {
            expected = [.. observed.Run(fuzz.Root, [[.. fuzz.Root.Parameters.Select(p => (object?)inputs[p.Value.Name])]])[0].Cast<NdArray>()];
        }
        catch (EvaluationException e) when (e.GetBaseException() is ArgumentOutOfRangeException)
        {
            // An index fitted by chance: of values drawn anew it need not.
            throw new RoughException("an index out of range");
        }

        var cotangents = expected.Select((e, i) => InputValues.Draw(new Value("cotangent" + i, new TensorType(ElementType.Float, [.. e.Shape.Select(s => (Dim)s)])), "", Size, fuzz.Seed)).ToArray();

        var one = new Gradients(fuzz, Unsharded.Of, []);
        one.Forward(inputs, expected, "on one device");
        var whole = one.Backward(cotangents, inputs);
        if (whole.Count > 0)
            for (var direction = 0; direction < 2; direction++) CheckDifference(direction, one, cotangents, whole);

        var many = new Gradients(fuzz, f => f, fuzz.Axes);
        many.Forward(inputs, expected, "on ranks");
        many.CheckBackward(cotangents, inputs, whole);
        return new Verdict(Outcome.Passed) { Collectives = many.Executed, Splits = many.Splits };
    }

    /// <summary>
    /// The derivative along a random direction of everything that is differentiable. A gradient is wrong where the differences settle at another
    /// slope as their step becomes smaller; where they do not settle, a kink is nearer than any step.
    /// </summary>
    private void CheckDifference(int number, Gradients one, NdArray[] cotangents, Dictionary<string, NdArray> whole)
    {
        var direction = whole.ToDictionary(g => g.Key, g => InputValues.Draw(new Value($"direction{number} {g.Key}", new TensorType(ElementType.Float, [.. g.Value.Shape.Select(s => (Dim)s)])), "", Size, fuzz.Seed));
        double Along(double step) => (Loss(direction, step, one, cotangents) - Loss(direction, -step, one, cotangents)) / (2 * step);
        var due = whole.Sum(g => g.Value.Data.Zip(direction[g.Key].Data, (a, b) => a * b).Sum());
        var scale = Math.Max(1, whole.Sum(g => g.Value.Data.Zip(direction[g.Key].Data, (a, b) => Math.Abs(a * b)).Sum()));
        var slopes = new List<double>();
        foreach (var step in Steps)
        {
            var slope = (4 * Along(step) - Along(2 * step)) / 3;
            if (Math.Abs(slope - due) <= Tolerance * scale) return;
            slopes.Add(slope);
        }

        if (!(Math.Abs(slopes[^1] - slopes[^2]) <= Tolerance * scale)) throw new RoughException("finite differences do not settle");
        throw new WrongException("derivative", $"along direction {number} the gradient says {due}, finite differences say {slopes[^1]}.");
    }

    private double Loss(Dictionary<string, NdArray> direction, double step, Gradients one, NdArray[] cotangents)
    {
        NdArray Move(string name, NdArray at) => direction.TryGetValue(name, out var d) ? new NdArray(at.Shape, [.. at.Data.Zip(d.Data, (x, v) => x + step * v)]) : at;
        var next = 0;
        var module = PlainModule(Move);
        var moved = new MultiRankEvaluator([], module) { Observe = (call, results) => Thaw(call, results, next++) };
        var results = moved.Run(fuzz.Root, [[.. fuzz.Root.Parameters.Select(p => (object?)Move(p.Value.Name, inputs[p.Value.Name]))]])[0];
        return one.DifferentiableResults.Sum(r => ((NdArray)results[r]!).Data.Zip(cotangents[r].Data, (a, b) => a * b).Sum());
    }

    /// <summary>Records what operators made that no gradient flows through by definition.</summary>
    private object?[] Freeze(KernelCall call, object?[] results)
    {
        frozen.Add(results);
        return Smoothness.Check(call, results);
    }

    /// <summary>Puts recorded results where no gradient flows by definition: behind <c>detach</c>, statistics, rows of padding.</summary>
    private object?[] Thaw(KernelCall call, object?[] results, int at)
    {
        if (call.Name == "detach") return frozen[at];
        var definition = OperatorTable.Find(call.Name);
        if (definition is { Vjp: null }) return frozen[at];
        if (call.Name == "embedding" && call.Has("padding_idx"))
        {
            var (now, then) = ((NdArray)results[0]!, (NdArray)frozen[at][0]!);
            return [NdArray.Fill(now.Shape, i => call.Y[i[..^1]] == call.Size("padding_idx") ? then[i] : now[i])];
        }

        return definition is { NotDifferentiable.IsEmpty: false }
            ? [.. results.Select((r, i) => definition.NotDifferentiable.Contains(i) ? frozen[at][i] : r)]
            : results;
    }

    private SimulatedModule PlainModule(Func<string, NdArray, NdArray>? move = null)
    {
        var module = new SimulatedModule();
        foreach (var host in fuzz.Hosts) module.Hosts[host.Key] = host.Value;
        foreach (var member in fuzz.Members) FuzzModules.AddPlain(module, member, fuzz.Domains, Size, fuzz.Seed);
        if (move is null) return module;
        foreach (var (path, item) in Gradients.Items(module))
            foreach (var weight in item.Weights.Keys.ToList()) item.Weights[weight] = [move($"{path}.{weight}", item.Weights[weight][0])];
        return module;
    }

    private long Size(Dim dim) => fuzz.Size(dim);

    private string Domain(Value value) => fuzz.Domains.GetValueOrDefault(value.Name, "");
}
