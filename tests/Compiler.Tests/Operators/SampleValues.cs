using System.Globalization;
using GShard.Compiler.IR;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>
/// Draws values for sample calls. Floating-point values are all different, well apart and away from 0, so that finite differences cross no kink.
/// </summary>
internal static class SampleValues
{
    public static object?[] Draw(OperatorSample sample)
    {
        var random = new Random(sample.ToString().Aggregate(17, (hash, c) => unchecked(hash * 31 + c)));
        return [.. sample.Operation.Operands.Select((o, i) => Draw(o, sample.Operands[i], random))];
    }

    public static NdArray Reals(IEnumerable<long> shape, Random random)
    {
        var result = NdArray.Zeros(shape);
        var order = Enumerable.Range(0, result.Data.Length).OrderBy(_ => random.Next()).ToArray();
        for (var i = 0; i < order.Length; i++) result.Data[i] = -1.7 + 3.4 * (order[i] + 0.31 + 0.1 * random.NextDouble()) / order.Length;
        return result;
    }

    private static object? Draw(Value operand, string text, Random random)
    {
        if (operand.Type is HostType) return 7L;
        long[] shape = [.. operand.Tensor.Dims.Select(d => d.Value!.Value)];
        var values = Reals(shape, random);
        var words = text.Split(' ');
        if (words.Contains("below"))
        {
            var limit = int.Parse(words[^1], CultureInfo.InvariantCulture);
            if (!words.Contains("distinct")) return values.Map(_ => random.Next(limit));
            foreach (var line in NdArray.Indices([.. shape[..^1], 1]))
            {
                var choice = Enumerable.Range(0, limit).OrderBy(_ => random.Next()).ToArray();
                for (var k = 0; k < shape[^1]; k++) values[NdArray.With(line, shape.Length - 1, k)] = choice[k];
            }

            return values;
        }

        if (operand.Tensor.Element == ElementType.Bool) return values.Map(_ => words.Contains("full") ? 1 : random.Next(2));
        if (words.Contains("positive")) return values.Map(x => (x + 2) / 2);
        if (words.Contains("above")) return values.Map(x => x + 3);
        return words.Contains("unit") ? values.Map(x => x / 2) : values;
    }
}
