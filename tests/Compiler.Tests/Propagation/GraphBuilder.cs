using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.Propagation;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Tests.Propagation;

/// <summary>Builds propagation problems from rules in the notation <c>m k, k n -> m n</c> (a dim of several factors: <c>(b s)</c>).</summary>
internal sealed class GraphBuilder(Mesh mesh)
{
    private readonly ImmutableArray<PropagationValue>.Builder values = ImmutableArray.CreateBuilder<PropagationValue>();
    private readonly ImmutableArray<PropagationOperation>.Builder operations = ImmutableArray.CreateBuilder<PropagationOperation>();

    public PropagationProblem Problem => new(mesh, values.ToImmutable(), operations.ToImmutable());

    public ImmutableArray<Dim> ShapeOf(int value) => values[value].Shape;

    public int Value(string shape, string? sharding = null)
    {
        values.Add(new([.. Words(shape).Select(DimParser.Parse)], sharding is null ? TensorSharding.Open(Words(shape).Length) : Parse(sharding)));
        return values.Count - 1;
    }

    public void Annotate(int value, TensorSharding sharding) => values[value] = values[value] with { Sharding = sharding };

    /// <summary>Adds an operation; factors take their sizes from the operands, then from <paramref name="sizes"/>. Returns its result.</summary>
    public int Apply(OperationClass operationClass, string rule, int[] operands, params (string Factor, Dim Size)[] sizes)
    {
        var sides = rule.Split(" -> ");
        var (left, right) = (sides[0].Split(", ").Select(Dims).ToArray(), sides[1].Split(", ").Select(Dims).ToArray());
        var names = left.Concat(right).SelectMany(t => t).SelectMany(d => d).Distinct().ToList();
        var known = sizes.ToDictionary(s => s.Factor, s => s.Size);
        foreach (var (tensor, operand) in left.Zip(operands))
            foreach (var (dim, size) in tensor.Zip(values[operand].Shape))
                if (dim.Length == 1) known.TryAdd(dim[0], size);
        var results = right.SelectMany(t => t).SelectMany(d => d).ToHashSet();
        var described = new FactorRule(
            [.. names.Select(n => new Factor(n, known[n], results.Contains(n) ? FactorKind.PassThrough : FactorKind.Reduction))],
            [.. left.Select(Indices)],
            [.. right.Select(Indices)]);
        values.Add(new([.. right[0].Select(d => Dim.Product(d.Select(n => known[n])))], TensorSharding.Open(right[0].Length)));
        operations.Add(new(operationClass, [.. operands], [values.Count - 1], described));
        return values.Count - 1;

        TensorFactors Indices(string[][] tensor) => new([.. tensor.Select(d => d.Select(n => names.IndexOf(n)).ToImmutableArray())]);
    }

    /// <summary>Reads <c>x ? | y | ·</c>: axes per dim, <c>?</c> where open.</summary>
    public static TensorSharding Parse(string text) => new(
        [.. text.Split('|').Select(dim =>
        {
            var words = Words(dim.Replace("·", "", StringComparison.Ordinal));
            return new DimSharding([.. words.Where(w => w != "?").Select(w => new AxisRef(w))], words.Contains("?"));
        })],
        [],
        []);

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[][] Dims(string tensor)
    {
        var dims = new List<string[]>();
        var words = new Queue<string>(Words(tensor.Replace("(", "( ", StringComparison.Ordinal).Replace(")", " )", StringComparison.Ordinal)));
        while (words.TryDequeue(out var word))
        {
            var dim = new List<string>();
            if (word != "(") dim.Add(word);
            else
                while (words.Dequeue() is var inner && inner != ")") dim.Add(inner);
            dims.Add([.. dim]);
        }

        return [.. dims];
    }
}
