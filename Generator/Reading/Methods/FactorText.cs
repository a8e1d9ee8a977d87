namespace GShard.Generator.Reading.Methods;

/// <summary>The text of a factor string: <c>a b, b c -> a c</c>.</summary>
internal static class FactorText
{
    private static readonly char[] Separators = [' ', '(', ')', ','];

    private static readonly char[] Space = [' '];

    /// <summary>What is wrong with a factor string for so many operands and results, as the end of a sentence; null where nothing is.</summary>
    public static string? Fault(string text, int operands, int results)
    {
        var sides = text.Split(["->"], StringSplitOptions.None);
        if (sides.Length != 2) return $"is \"{text}\", which {(sides.Length < 2 ? "lacks '->'" : "has more than one '->'")}; write it as in \"a b, b c -> a c\".";
        foreach (var (side, count, what) in new[] { (sides[0], operands, "operand"), (sides[1], results, "result") })
        {
            var tensors = side.Split(',');
            if (tensors.Length != count) return $"has factors for {tensors.Length} {what}{(tensors.Length == 1 ? "" : "s")} in \"{text}\", but there {(count == 1 ? "is 1" : "are " + count)}; list each, '.' for a scalar.";
            if (tensors.FirstOrDefault(string.IsNullOrWhiteSpace) is not null) return $"has an empty {what} in \"{text}\"; write '.' for a scalar.";
            foreach (var tensor in tensors)
            {
                if (tensor.Count(c => c == '(') != tensor.Count(c => c == ')')) return $"has an unclosed parenthesis in \"{text}\".";
                var words = tensor.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
                if (words.FirstOrDefault(w => w is not ("." or "...") && !w.All(c => char.IsLetterOrDigit(c) || c == '_')) is { } wrong) return $"has '{wrong}' in \"{text}\" where a factor belongs; name it by letters and digits.";
                if (words.Where(w => char.IsLetter(w[0])).GroupBy(w => w).FirstOrDefault(g => g.Count() > 1) is { } twice) return $"has '{twice.Key}' twice in one tensor of \"{text}\"; name its dims apart.";
            }
        }

        return null;
    }

    /// <summary>The factors of the operands (side 0) or of the results (side 1).</summary>
    public static IReadOnlyCollection<string> Names(string text, int side) =>
        [.. text.Split(["->"], StringSplitOptions.None)[side].Split(Separators, StringSplitOptions.RemoveEmptyEntries).Where(w => w is not ("." or "..." or "1")).Distinct()];

    /// <summary>Words between spaces.</summary>
    public static string[] Words(string text) => text.Split(Space, StringSplitOptions.RemoveEmptyEntries);
}
