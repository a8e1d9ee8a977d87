using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>The labels of an einsum, operand by operand, and of its result; an ellipsis is spelled out.</summary>
internal sealed record EinsumEquation(ImmutableArray<string> Operands, string Result)
{
    private const string Spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>The text form, as the operator takes it.</summary>
    public string Text => string.Join(",", Operands) + "->" + Result;

    /// <summary>The equation's attributes.</summary>
    public Attributes Attributes => Attributes.None.With(Attributes.Equation, new TextAttribute(Text));

    /// <summary>Reads the equation of a call.</summary>
    /// <exception cref="ShapeException">The equation is malformed, or does not fit the operands' ranks.</exception>
    public static EinsumEquation Of(OperatorCall call) =>
        Read(call.Attributes.EquationText, [.. call.Operands.Select(o => o.Tensor)]);

    /// <summary>Reads an equation for operands of these types.</summary>
    /// <exception cref="ShapeException">The equation is malformed, or does not fit the operands' ranks.</exception>
    public static EinsumEquation Read(string equation, ImmutableArray<TensorType> types)
    {
        var text = equation.Replace(" ", "").Replace("...", ".");
        var sides = text.Split(["->"], StringSplitOptions.None);
        if (sides.Length > 2) throw new ShapeException($"einsum: \"{equation}\" has more than one '->'.");
        var operands = sides[0].Split(',');
        var result = sides.Length == 2 ? sides[1] : Implied(sides[0]);
        Check(equation, operands, result, types);

        var names = new string([.. Spare.Where(c => text.IndexOf(c) < 0)]);
        var most = operands.Select((o, i) => o.Contains('.') ? types[i].Rank - (o.Length - 1) : 0).Max();
        var next = most;
        // Ellipsis dims are aligned from the right; one that broadcasts gets a label of its own.
        string Spell(int operand)
        {
            var count = types[operand].Rank - (operands[operand].Length - 1);
            return operands[operand].Replace(".", string.Concat(Enumerable.Range(most - count, count).Select(dim =>
                IsBroadcast(operands, types, operand, dim, most) ? names[next++] : names[dim])));
        }

        return new(
            [.. operands.Select((o, i) => o.Contains('.') ? Spell(i) : o)],
            result.Replace(".", names.Substring(0, most)));
    }

    private static bool IsBroadcast(string[] operands, ImmutableArray<TensorType> types, int operand, int dim, int most)
    {
        Dims.Dim? Size(int i)
        {
            var count = types[i].Rank - (operands[i].Length - 1);
            return operands[i].Contains('.') && dim >= most - count ? types[i].Dims[operands[i].IndexOf('.') + dim - (most - count)] : null;
        }

        return Size(operand)!.IsOne && Enumerable.Range(0, operands.Length).Any(i => Size(i) is { IsOne: false });
    }

    private static string Implied(string operands)
    {
        var once = operands.Where(char.IsLetter).GroupBy(c => c).Where(g => g.Count() == 1).Select(g => g.Key).OrderBy(c => c);
        return (operands.Contains('.') ? "." : "") + new string([.. once]);
    }

    private static void Check(string equation, string[] operands, string result, ImmutableArray<TensorType> types)
    {
        var all = string.Concat(operands) + result;
        if (all.FirstOrDefault(c => !char.IsLetter(c) && c != '.') is var bad and not '\0')
            throw new ShapeException($"einsum: \"{equation}\" has '{bad}' where a label (a letter), '...' or ',' belongs.");
        if (result.FirstOrDefault(c => !operands.Any(o => o.Contains(c))) is var lost and not '\0')
            throw new ShapeException($"einsum: \"{equation}\" has '{(lost == '.' ? "..." : lost.ToString())}' in the result but in no operand.");
        if (result.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ShapeException($"einsum: \"{equation}\" has '{twice.Key}' twice in the result.");
        if (operands.Length != types.Length)
            throw new ShapeException($"einsum: \"{equation}\" has {operands.Length} operands, but {types.Length} are given.");
        if (operands.Any(o => o.Contains('.')) && !result.Contains('.'))
            throw new ShapeException($"einsum: \"{equation}\" has '...' in an operand but not in the result.");
        for (var i = 0; i < operands.Length; i++)
        {
            var labels = operands[i].Count(c => c != '.');
            if (operands[i].Contains('.') ? types[i].Rank < labels : types[i].Rank != labels)
                throw new ShapeException($"einsum: operand {i} of \"{equation}\" has {labels} labels, but the tensor has {types[i].Rank} dims [{string.Join(", ", types[i].Dims)}].");
        }
    }
}
