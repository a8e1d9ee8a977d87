using GShard.Compiler.IR;

namespace GShard.Compiler.Partitioning;

/// <summary>Gives every value of a program a name of its own: the one asked for, or that with a number.</summary>
internal sealed class Names
{
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    /// <summary>The first number that may be free, by the name it follows: a layer's names come back a thousand times.</summary>
    private readonly Dictionary<string, int> next = new(StringComparer.Ordinal);

    /// <summary>The names that programs have given already.</summary>
    public static Names Of(params Function[] programs)
    {
        var names = new Names();
        foreach (var program in programs)
        {
            names.taken.UnionWith(program.HostSymbols);
            names.taken.UnionWith(program.Parameters.Select(p => p.Value.Name));
            names.taken.UnionWith(program.Body.AllOperations.SelectMany(o => o.Results.Concat(o.Blocks.SelectMany(b => b.Arguments))).Select(v => v.Name));
        }

        return names;
    }

    public string Fresh(string wanted)
    {
        if (taken.Add(wanted)) return wanted;
        var stem = wanted.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        if (stem.Length == 0 || stem.EndsWith("_", StringComparison.Ordinal)) stem = wanted;
        if (!next.TryGetValue(stem, out var number)) number = 2;
        while (!taken.Add(stem + number)) number++;
        next[stem] = number + 1;
        return stem + number;
    }

    /// <summary>The cotangent's name: <c>gates</c> → <c>dGates</c>, <c>up.weight</c> → <c>dUpWeight</c>.</summary>
    public static string Cotangent(string name) =>
        "d" + string.Concat(name.Split('.', '#', '\'', '_').Where(part => part.Length > 0).Select(part => char.ToUpperInvariant(part[0]) + part.Substring(1)));
}
