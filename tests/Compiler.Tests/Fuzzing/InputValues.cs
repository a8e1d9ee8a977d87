using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Tests.Operators;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>
/// Draws values of parameters. A domain says how: <c>positive</c>, <c>above 1</c>, <c>unit</c> (between -1 and 1), <c>below N</c> (indices; N is a size),
/// <c>distinct below N</c> (no index twice along the last dim), <c>full</c> (true everywhere). The draw depends on seed and name only, so
/// that a program's other parameters may come and go.
/// </summary>
internal static class InputValues
{
    public static NdArray Draw(Value value, string domain, Func<Dim, long> size, int seed)
    {
        var random = new Random(unchecked(seed * 486187739 + StableHash(value.Name)));
        long[] shape = [.. value.Tensor.Dims.Select(size)];
        var words = domain.Split(' ');
        if (words.Contains("below")) return Indices(shape, size(DimParser.Parse(words[^1])), words.Contains("distinct"), random);
        if (value.Tensor.Element == ElementType.Bool) return NdArray.Zeros(shape).Map(_ => domain == "full" ? 1 : random.Next(2));
        var values = SampleValues.Reals(shape, random);
        if (!value.Tensor.Element.IsFloating()) return values.Map(_ => random.Next(-3, 4));
        return domain switch
        {
            "positive" => values.Map(x => (x + 2) / 2),
            "above 1" => values.Map(x => x + 3),
            "unit" => values.Map(x => x / 2),
            _ => values,
        };
    }

    /// <summary>A hash of a text that is the same in every process.</summary>
    public static int StableHash(string text) => text.Aggregate(17, (hash, c) => unchecked(hash * 31 + c));

    private static NdArray Indices(long[] shape, long limit, bool distinct, Random random)
    {
        var values = NdArray.Zeros(shape);
        if (!distinct) return values.Map(_ => random.NextInt64(limit));
        if (shape[^1] > limit) throw new ArgumentException($"{shape[^1]} indices below {limit} cannot differ.");
        foreach (var line in NdArray.Indices([.. shape[..^1], 1]))
        {
            var choice = Enumerable.Range(0, (int)limit).OrderBy(_ => random.Next()).ToArray();
            for (var k = 0; k < shape[^1]; k++) values[NdArray.With(line, shape.Length - 1, k)] = choice[k];
        }

        return values;
    }
}
