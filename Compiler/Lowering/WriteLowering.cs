using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Adding at indices where indices and source are split: the first rank adds to the tensor, the others to zeros, and the sum is partial.
/// <code>
/// before  y = index_add[dim=0](x, indices: i64[K@data], source: float[K@data,M])
/// after   own = keep_on_first[data](x)  y = index_add[dim=0](own, indices, source)      partial over data
/// </code>
/// </summary>
internal static class WriteLowering
{
    public static readonly OperatorLowering Added = new(
        (_, rule) =>
        [
            .. Enumerable.Range(0, rule.Factors.Length)
                .Where(f => rule.Factors[f].Kind == FactorKind.NeedReplication)
                .Select(f => SplitForms.Of(rule, f, 0, Dim.Zero) with { Results = [Placement.PartialSum] }),
        ],
        c =>
        {
            var (x, indices, source) = (c.Operand(0), c.Operand(1), c.Operand(2));
            foreach (var axis in LoweringContext.Axes(indices, indices.Tensor.Rank == 1 ? 0 : c.Call.Dim()))
                x = c.Local("keep_on_first", Attributes.Named(axis.Name), [x], x.Tensor);
            return [c.Local(c.Call.Name, c.Attributes, [x, indices, source], c.Results[0])];
        });
}
