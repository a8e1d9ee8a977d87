namespace GShard.Generator.Reading.Methods;

/// <summary>Finds what is wrong with an einsum's equation, and where in its text.</summary>
internal static class EinsumCheck
{
    /// <summary>The fault and its position; null where the equation is well formed.</summary>
    public static (int Position, string Message)? Find(string equation, int operands)
    {
        var arrow = equation.IndexOf("->", StringComparison.Ordinal);
        // Without an arrow the result has the labels that stand once, in order of the alphabet.
        if (arrow < 0) arrow = equation.Length;
        else if (equation.IndexOf("->", arrow + 2, StringComparison.Ordinal) is var second and >= 0) return (second, "has more than one '->'; keep one.");
        for (var i = 0; i < equation.Length; i++)
        {
            var c = equation[i];
            if (char.IsLetter(c) || c == ' ' || i == arrow || i == arrow + 1 || (c == ',' && i < arrow)) continue;
            if (c == '.' && equation.Substring(i).StartsWith("...", StringComparison.Ordinal)) { i += 2; continue; }
            return (i, c == ',' ? "has a ',' in the result; it has one result." : $"has '{c}' where a label (a letter), '...' or ',' belongs.");
        }

        var given = equation.Substring(0, arrow).Split(',').Length;
        if (given != operands) return (0, $"has labels for {given} operand{(given == 1 ? "" : "s")}, but {operands} {(operands == 1 ? "is" : "are")} given.");
        for (var i = arrow + 2; i < equation.Length; i++)
        {
            if (!char.IsLetter(equation[i])) continue;
            if (equation.IndexOf(equation[i], 0, arrow) < 0) return (i, $"has '{equation[i]}' in the result but in no operand.");
            if (equation.IndexOf(equation[i], i + 1) is var twice and >= 0) return (twice, $"has '{equation[i]}' twice in the result.");
        }

        return null;
    }
}
