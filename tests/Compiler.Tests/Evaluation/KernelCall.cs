using GShard.Compiler.Dims;
using GShard.Compiler.IR;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>One operator call on one rank: its operands as values, its constants as numbers.</summary>
internal sealed record KernelCall(string Name, IReadOnlyList<object?> Operands, Attributes Attributes, Func<Dim, long> Resolve, Func<string, double> HostName)
{
    public NdArray X => Array(0);

    public NdArray Y => Array(1);

    public NdArray Array(int operand) => (NdArray)Operands[operand]!;

    public bool Has(string key) => Attributes.Has(key);

    public long Size(string key) => Resolve(Attributes.Size(key));

    public long Size(string key, long otherwise) => Has(key) ? Size(key) : otherwise;

    public long[] Sizes(string key) => [.. Attributes.Sizes(key).Select(Resolve)];

    public double Host(string key) => HostExpression.Evaluate(Attributes.Host(key), Resolve, HostName);

    public double Host(string key, double otherwise) => Has(key) ? Host(key) : otherwise;

    /// <summary>A flag, or a host expression of a truth value.</summary>
    public bool Truth(string key, bool otherwise) => Attributes.Find(key) switch
    {
        null => otherwise,
        BoolAttribute flag => flag.Value,
        _ => Host(key) != 0,
    };

    /// <summary>The attribute <c>dim</c> (or another), counted from 0.</summary>
    public int Dim(string key = "dim", int extra = 0)
    {
        var dim = Attributes.Int(key);
        return dim < 0 ? dim + X.Rank + extra : dim;
    }

    /// <summary>The attribute <c>dims</c>, counted from 0 in the order given; all where it is absent.</summary>
    public int[] Dims() => Has("dims") ? [.. Attributes.Ints("dims").Select(d => d < 0 ? d + X.Rank : d)] : [.. Enumerable.Range(0, X.Rank)];
}
