using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Transposition;

/// <summary>
/// The cotangents that have arrived at each value of a forward block. A value's cotangent lies as its dual: split where the value is
/// split, replicated where it is replicated or partial; contributions that are partial are summed first and reduced once.
/// </summary>
internal sealed class Cotangents(BlockBuilder builder)
{
    private readonly Dictionary<Value, List<Value>> arrived = [];

    /// <summary>Values that have a cotangent.</summary>
    public bool Has(Value value) => arrived.ContainsKey(value);

    public void Add(Value value, Value? contribution)
    {
        if (contribution is null || !value.IsDifferentiable) return;
        if (!arrived.TryGetValue(value, out var list)) arrived[value] = list = [];
        list.Add(contribution);
    }

    /// <summary>The placement of a complete cotangent of a value of this sharding.</summary>
    public static TensorSharding Dual(TensorSharding sharding) => sharding.WithoutPartial().Close();

    /// <summary>The complete cotangent of <paramref name="value"/>, or null where none arrived.</summary>
    public Value? Complete(Value value) => Complete(value, Dual(value.Tensor.Sharding));

    /// <summary>The sum of what arrived, brought to a placement; a partial sum goes there in one collective.</summary>
    public Value? Complete(Value value, TensorSharding to)
    {
        if (!arrived.TryGetValue(value, out var list)) return null;
        var name = Names.Cotangent(value.Name);
        var partial = list.Where(c => !c.Tensor.Sharding.Partial.IsEmpty).GroupBy(c => c.Tensor.Sharding.Close()).Select(g => Sum(g, name));
        var whole = list.Where(c => c.Tensor.Sharding.Partial.IsEmpty);
        var sum = builder.Reshard(Sum(partial.Concat(whole).Select(c => builder.Reshard(c, to, name)).ToList(), name), to, name);
        arrived[value] = [sum];
        return sum;
    }

    /// <summary>The complete cotangent, which is then gone.</summary>
    public Value? Take(Value value)
    {
        var complete = Complete(value);
        arrived.Remove(value);
        return complete;
    }

    private Value Sum(IEnumerable<Value> terms, string name) =>
        terms.Aggregate((a, b) => builder.Apply("add", Attributes.None, [a, b], [a.Tensor.Sharding], [name])[0]);
}
