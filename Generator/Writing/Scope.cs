using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>The C# names of one method's values: those of the source where they are free, with a number where they are not.</summary>
internal sealed class Scope
{
    private readonly Dictionary<Value, string> names = [];
    private readonly Dictionary<string, Value> sizes = new(StringComparer.Ordinal);
    private static readonly char[] Digits = [.. "0123456789"];

    private readonly HashSet<string> stems;
    private readonly HashSet<Value> locals = [];
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    /// <summary>A scope without names.</summary>
    /// <param name="values">Names of all values to come, among which a number at the end is the compiler's where the name without is another's.</param>
    public Scope(IEnumerable<string>? values = null) => stems = new HashSet<string>(values ?? [], StringComparer.Ordinal);

    /// <summary>Keeps a name from being given to a value.</summary>
    public void Reserve(string name) => taken.Add(name);

    /// <summary>A name that no value has, as near to the wanted one as can be.</summary>
    public string Fresh(string wanted)
    {
        var stem = wanted.TrimEnd(Digits);
        stem = Identifier.Of(stem != wanted && stems.Contains(stem) ? stem : wanted);
        var name = stem;
        for (var i = 2; !taken.Add(name); i++) name = stem + i;
        return Identifier.Escape(name);
    }

    /// <summary>Gives a value its own name, made from the program's.</summary>
    public string Declare(Value value, string? wanted = null)
    {
        if (names.TryGetValue(value, out var known)) return known;
        var name = Fresh(wanted ?? value.Name);
        Bind(value, name);
        locals.Add(value);
        return name;
    }

    /// <summary>Gives a method's argument its name, whatever else would be called so.</summary>
    public void Argument(Value value, string name)
    {
        taken.Add(name);
        Bind(value, Identifier.Escape(name));
    }

    /// <summary>Lets a value go by a name that stands already: a field, a parameter, or the variable that carries it through a loop.</summary>
    public void Bind(Value value, string name)
    {
        names[value] = name;
        if (value.Type is HostType) sizes[value.Name] = value;
    }

    /// <summary>Whether the value is in a variable of the method's own.</summary>
    public bool IsLocal(Value value) => locals.Contains(value);

    /// <summary>Lets a value share the variable of another.</summary>
    public void Share(Value value, string variable)
    {
        Bind(value, variable);
        locals.Add(value);
    }

    /// <summary>The name of a value.</summary>
    public string Of(Value value) =>
        names.TryGetValue(value, out var name) ? name : throw new InvalidOperationException($"'{value}' is used before it is written.");

    /// <summary>Whether a variable holds a size symbol or a host parameter.</summary>
    public bool Has(string symbol) => sizes.ContainsKey(symbol);

    /// <summary>The C# variable or field that holds a size symbol or a host parameter.</summary>
    public string Symbol(string symbol) => sizes.TryGetValue(symbol, out var value) ? names[value] : Identifier.Escape(symbol);
}
