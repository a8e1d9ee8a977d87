using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>The sizes that an operation's constants mention: whole numbers, lists of sizes, and <c>{size}</c> in host expressions.</summary>
public static class SizeReferences
{
    /// <summary>Names of all symbols mentioned.</summary>
    public static IEnumerable<string> Of(Attributes attributes) => attributes.SelectMany(a => a.Value switch
    {
        DimAttribute dim => dim.Value.Symbols,
        DimsAttribute dims => dims.Values.SelectMany(d => d.Symbols),
        HostAttribute host => Pieces(host.Code).Where(p => p.IsSize).SelectMany(p => DimParser.Parse(p.Text).Symbols),
        _ => [],
    });

    /// <summary>The same constants with every size replaced.</summary>
    public static Attributes Replace(Attributes attributes, Func<Dim, Dim> replace) => !Of(attributes).Any() ? attributes :
        attributes.Aggregate(Attributes.None, (result, a) => result.With(a.Key, a.Value switch
        {
            DimAttribute dim => new DimAttribute(replace(dim.Value)),
            DimsAttribute dims => new DimsAttribute([.. dims.Values.Select(replace)]),
            HostAttribute host => new HostAttribute(string.Concat(Pieces(host.Code).Select(p => p.IsSize ? "{" + replace(DimParser.Parse(p.Text)) + "}" : p.Text))),
            var other => other,
        }));

    /// <summary>A host expression cut into source text and the sizes between braces.</summary>
    public static ImmutableArray<(string Text, bool IsSize)> Pieces(string code)
    {
        var pieces = ImmutableArray.CreateBuilder<(string, bool)>();
        var at = 0;
        while (at < code.Length)
        {
            var open = code.IndexOf('{', at);
            var close = open < 0 ? -1 : code.IndexOf('}', open);
            if (close < 0) open = code.Length;
            if (open > at) pieces.Add((code.Substring(at, open - at), false));
            if (close < 0) break;
            pieces.Add((code.Substring(open + 1, close - open - 1), true));
            at = close + 1;
        }

        return pieces.ToImmutable();
    }
}
