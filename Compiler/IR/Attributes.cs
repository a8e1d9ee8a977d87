using System.Collections;
using System.Collections.Immutable;
using GShard.Compiler.Dims;

namespace GShard.Compiler.IR;

/// <summary>
/// The constants of an operation by name, in a fixed order. Two names print without a key: <c>equation</c> (a text) and <c>name</c>
/// (a mesh axis, a member or an element type).
/// </summary>
public sealed class Attributes : IReadOnlyCollection<KeyValuePair<string, AttributeValue>>, IEquatable<Attributes>
{
    /// <summary>The key of a text that prints bare.</summary>
    public const string Equation = "equation";

    /// <summary>The key of a name that prints bare.</summary>
    public const string Name = "name";

    /// <summary>The key of the name that a loop gives to the module at hand.</summary>
    public const string Item = "item";

    /// <summary>No attributes.</summary>
    public static readonly Attributes None = new([]);

    private readonly ImmutableArray<KeyValuePair<string, AttributeValue>> items;

    private Attributes(ImmutableArray<KeyValuePair<string, AttributeValue>> items) => this.items = items;

    /// <inheritdoc/>
    public int Count => items.Length;

    /// <summary>This set and a bare name.</summary>
    public static Attributes Named(string name) => None.With(Name, new NameAttribute(name));

    /// <summary>This set with one attribute added or replaced.</summary>
    public Attributes With(string key, AttributeValue value)
    {
        var at = items.Select((item, index) => (item, index)).Where(p => p.item.Key == key).Select(p => p.index).DefaultIfEmpty(-1).First();
        var item = new KeyValuePair<string, AttributeValue>(key, value);
        return new(at < 0 ? items.Add(item) : items.SetItem(at, item));
    }

    /// <summary>This set with a whole number or size added.</summary>
    public Attributes With(string key, Dim value) => With(key, new DimAttribute(value));

    /// <summary>This set with whole numbers or sizes added.</summary>
    public Attributes With(string key, IEnumerable<Dim> values) => With(key, new DimsAttribute([.. values]));

    /// <summary>This set with whole numbers added.</summary>
    public Attributes With(string key, IEnumerable<int> values) => With(key, values.Select(v => (Dim)v));

    /// <summary>This set with a truth value added.</summary>
    public Attributes With(string key, bool value) => With(key, new BoolAttribute(value));

    /// <summary>This set with a host expression added.</summary>
    public Attributes WithHost(string key, string code) => With(key, new HostAttribute(code));

    /// <summary>The attribute, or null.</summary>
    public AttributeValue? Find(string key)
    {
        foreach (var item in items)
            if (item.Key == key) return item.Value;
        return null;
    }

    /// <summary>Whether there is such an attribute.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A whole number.</summary>
    public int Int(string key) => checked((int)(Size(key).Value ?? throw Wrong(key, "a whole number")));

    /// <summary>A whole number, or the default where it is absent.</summary>
    public int Int(string key, int otherwise) => Has(key) ? Int(key) : otherwise;

    /// <summary>A size.</summary>
    public Dim Size(string key) => (Find(key) as DimAttribute)?.Value ?? throw Wrong(key, "a size");

    /// <summary>Sizes.</summary>
    public ImmutableArray<Dim> Sizes(string key) => (Find(key) as DimsAttribute)?.Values ?? throw Wrong(key, "a list of sizes");

    /// <summary>Whole numbers.</summary>
    public ImmutableArray<int> Ints(string key) => [.. Sizes(key).Select(d => checked((int)(d.Value ?? throw Wrong(key, "a list of whole numbers"))))];

    /// <summary>A truth value; false where it is absent.</summary>
    public bool Flag(string key) => (Find(key) as BoolAttribute)?.Value ?? false;

    /// <summary>A host expression.</summary>
    public string Host(string key) => (Find(key) as HostAttribute)?.Code ?? throw Wrong(key, "a host expression");

    /// <summary>The einsum equation.</summary>
    public string EquationText => (Find(Equation) as TextAttribute)?.Value ?? throw Wrong(Equation, "a text");

    /// <summary>The bare name: axis, member or element type.</summary>
    public string NameText => (Find(Name) as NameAttribute)?.Value ?? throw Wrong(Name, "a name");

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, AttributeValue>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, AttributeValue>>)items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Attributes? other) =>
        other is not null && items.Length == other.items.Length
        && items.Zip(other.items, (a, b) => a.Key == b.Key && a.Value.Equals(b.Value)).All(same => same);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Attributes);

    /// <inheritdoc/>
    public override int GetHashCode() => items.Aggregate(17, (hash, item) => hash * 31 + item.Value.GetHashCode());

    private InvalidOperationException Wrong(string key, string expected) =>
        new($"attribute '{key}' is {(Has(key) ? $"'{Find(key)}'" : "absent")} where {expected} is needed.");
}
