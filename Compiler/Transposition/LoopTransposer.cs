using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;

namespace GShard.Compiler.Transposition;

/// <summary>
/// Transposes a loop: the items in reverse; it carries the cotangents of the carried values, and sums those of values from outside.
/// <code>
/// forward   y = foreach[layers, item=layer](x) { |h| next = call[layer.forward](h, memory)  yield next }
/// backward  dX, dMemory = foreach_reverse[layers, item=layer](dY, zeros) { |dNext, sum| … yield dH, sum + dMemory }
/// </code>
/// </summary>
internal sealed class LoopTransposer(
    Operation loop, ImmutableArray<Value> outside, BlockBuilder builder, Cotangents cotangents,
    Action<Block, BlockBuilder, Cotangents> transpose, Func<BlockBuilder, Value, Value> zeros)
{
    public void Run()
    {
        var body = loop.Blocks[0];
        var carried = Enumerable.Range(0, loop.Results.Length).Where(i => loop.Results[i].IsDifferentiable).ToList();
        ImmutableArray<Value> initial =
        [
            .. carried.Select(i => cotangents.Complete(loop.Results[i]) ?? zeros(builder, loop.Results[i])),
            .. outside.Select(v => zeros(builder, v)),
        ];

        var inner = builder.Inner();
        var within = new Cotangents(inner);
        ImmutableArray<Value> arguments = [.. initial.Select(v => new Value(builder.Names.Fresh(v.Name), v.Type))];
        for (var i = 0; i < carried.Count; i++) within.Add(body.Yields[carried[i]], arguments[i]);
        transpose(body, inner, within);
        ImmutableArray<Value> yields =
        [
            .. carried.Select(i => within.Complete(body.Arguments[i]) ?? zeros(inner, body.Arguments[i])),
            .. outside.Select((v, i) => Sum(inner, arguments[carried.Count + i], within.Complete(v))),
        ];

        var results = builder.Add(
            "foreach_reverse", loop.Attributes, initial, arguments.Select(a => a.Type),
            [.. carried.Select(i => Names.Cotangent(loop.Operands[i].Name)), .. outside.Select(v => Names.Cotangent(v.Name))],
            [new Block(arguments, inner.Operations, yields)]);
        for (var i = 0; i < carried.Count; i++) cotangents.Add(loop.Operands[carried[i]], results[i]);
        for (var i = 0; i < outside.Length; i++) cotangents.Add(outside[i], results[carried.Count + i]);
    }

    private static Value Sum(BlockBuilder builder, Value sum, Value? term) =>
        term is null ? sum : builder.Reshard(builder.Apply("add", Attributes.None, [sum, term], [sum.Tensor.Sharding], [sum.Name])[0], sum.Tensor.Sharding);
}
