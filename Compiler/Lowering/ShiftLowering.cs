using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Lowering;

/// <summary>
/// Operators that move elements along a split dim: every rank gets those that its chunk of the result is made of, as windows of one element.
/// <code>
/// before  y: float[B,T+2@seq] = pad[pad=[2, 0], value=`0`](x: float[B,T@seq])
/// after   y = window[seq, dim=1, stride=1, start=-2, span=1, count=T+2, size=T](x)
/// </code>
/// </summary>
internal static class ShiftLowering
{
    // A few elements of a split dim, at most: each rank gives those that it holds, and the rest as zeros.
    private const int FewElements = 32;

    public static readonly OperatorLowering Narrow = Of(
        (call, rule) =>
        {
            var (dim, start, length) = (call.Dim(), call.Attributes.Size("start"), call.Attributes.Size("length"));
            var shifted = Shifted(call, rule, dim, start, call.Operand(0).Dims[dim] - start - length);
            var few = length.Value is <= FewElements && call.Operand(0).Element.IsFloating() && rule.Factors[rule.Results[0].Dims[dim][0]].TiedTo is null;
            return few ? [shifted, shifted with { Results = [Placement.PartialSum], Collectives = 0, Elements = Dim.Zero, Moved = Dim.Zero }] : [shifted];
        },
        c =>
        {
            var (dim, start, length) = (c.Call.Dim(), c.Attributes.Size("start"), c.Attributes.Size("length"));
            if (c.Results[0].Sharding.Partial.IsEmpty) return c.Window(c.Operand(0), dim, Dim.One, start, Dim.One, length);
            var indices = c.Apply("arange", Attributes.Named("i64").With("start", start).With("end", start + length));
            return c.Apply("index_select", Attributes.None.With("dim", dim), c.Operand(0), indices);
        });

    public static readonly OperatorLowering Pad = Of(
        (call, rule) => Padded(call).Select(p => Shifted(call, rule, p.Dim, p.Before, p.After)),
        c =>
        {
            var (result, pad) = (c.Operand(0), c.Attributes.Sizes("pad"));
            foreach (var (dim, before, after) in Padded(c.Call).Where(p => InnerLowering.IsSplit(c.Operand(0), p.Dim)))
            {
                result = c.Window(result, dim, Dim.One, Dim.Zero - before, Dim.One, result.Tensor.Dims[dim] + before + after, c.Attributes.Host("value"));
                var at = 2 * (result.Tensor.Rank - 1 - dim);
                pad = pad.SetItem(at, Dim.Zero).SetItem(at + 1, Dim.Zero);
            }

            return pad.All(size => size.Value == 0) ? result : c.Apply("pad", c.Attributes.With("pad", pad), result);
        });

    /// <summary>Every operand's elements in their places among zeros, and the sum of those.</summary>
    public static readonly OperatorLowering Cat = Of(
        (call, rule) =>
        [
            Joined(call, new SplitForm([.. rule.Operands.Select(_ => Placement.Split(call.Dim()))], [Placement.Split(call.Dim())], call.Operands.Length, Dim.Zero)),
        ],
        c =>
        {
            var (dim, start, total) = (c.Call.Dim(), Dim.Zero, c.Results[0].Dims[c.Call.Dim()]);
            Value? sum = null;
            foreach (var operand in c.Call.Operands)
            {
                var placed = c.Window(operand, dim, Dim.One, start, Dim.One, total);
                sum = sum is null ? placed : c.Add(sum, placed);
                start -= operand.Tensor.Dims[dim];
            }

            return sum!;
        });

    /// <summary>No element lies further from its place than there are elements before or behind its operand; all change their rank where that is unknown.</summary>
    private static SplitForm Joined(OperatorCall call, SplitForm form)
    {
        var dim = call.Dim();
        var sizes = call.Operands.Select(o => o.Tensor.Dims[dim]).ToList();
        var total = sizes.Aggregate(Dim.Zero, (sum, size) => sum + size);
        var others = Dim.Product(call.Operand(0).Dims.RemoveAt(dim));
        Dim sent = Dim.Zero, before = Dim.Zero;
        foreach (var size in sizes)
        {
            var behind = total - before - size;
            if (before.Value is { } low && behind.Value is { } high) sent += size.Value is { } own ? Math.Min(own, Math.Max(low, high)) : Math.Max(low, high);
            else if (size.Value is not null) sent += size;
            else return form with { Moved = total * others };
            before += size;
        }

        return form with { Elements = sent * others };
    }

    /// <summary>The mirrored chunk, turned round.</summary>
    public static readonly OperatorLowering Flip = Of(
        (call, rule) => call.Attributes.Has(Window.CutKey) ? [] : call.Dims().Select(dim => Whole(call, rule, dim)),
        c =>
        {
            var x = c.Operand(0);
            ImmutableArray<int> split = [.. c.Call.Dims().Where(dim => InnerLowering.IsSplit(x, dim))];
            x = split.Aggregate(x, (value, dim) => c.Window(value, dim, Dim.Constant(-1), value.Tensor.Dims[dim] - 1, Dim.One, value.Tensor.Dims[dim]));
            return c.Apply("flip", c.Attributes.With(Window.CutKey, split), x);
        });

    public static readonly OperatorLowering Roll = Of(
        (call, rule) => Rolled(call).Select(r => r.Shift.Value is { } shift ? Shifted(call, rule, r.Dim, Math.Abs(shift), Dim.Zero) : Whole(call, rule, r.Dim)),
        c =>
        {
            var result = c.Operand(0);
            foreach (var (dim, shift) in Rolled(c.Call).Where(r => InnerLowering.IsSplit(c.Operand(0), r.Dim)))
                result = c.Window(result, dim, Dim.One, Dim.Zero - shift, Dim.One, result.Tensor.Dims[dim], wrap: true);
            var rest = Rolled(c.Call).Where(r => !InnerLowering.IsSplit(c.Operand(0), r.Dim)).ToList();
            return rest.Count == 0 ? result : c.Apply("roll", Attributes.None.With("shifts", rest.Select(r => r.Shift)).With("dims", rest.Select(r => r.Dim)), result);
        });

    private static OperatorLowering Of(Func<OperatorCall, FactorRule, IEnumerable<SplitForm>> forms, Func<LoweringContext, Value> expand) => new(forms, c => [expand(c)])
    {
        IsTransparent = true,
        OneAxis = true,
    };

    /// <summary>A dim of which no element lies further from its place than it is lengthened or shortened, at either end; all change their rank where that is unknown.</summary>
    private static SplitForm Shifted(OperatorCall call, FactorRule rule, int dim, Dim before, Dim after) =>
        before.Value is { } low && after.Value is { } high
            ? Along(rule, dim, Dim.Product(call.Operand(0).Dims.RemoveAt(dim)) * Math.Max(Math.Abs(low), Math.Abs(high)))
            : Whole(call, rule, dim);

    private static SplitForm Whole(OperatorCall call, FactorRule rule, int dim) => Along(rule, dim, Dim.Zero) with { Moved = Dim.Product(call.Operand(0).Dims) };

    private static SplitForm Along(FactorRule rule, int dim, Dim elements) =>
        new([.. rule.Operands.Select(_ => Placement.Split(dim))], [Placement.Split(dim)], 1, elements);

    private static IEnumerable<(int Dim, Dim Before, Dim After)> Padded(OperatorCall call)
    {
        var pad = call.Attributes.Sizes("pad");
        return Enumerable.Range(0, pad.Length / 2).Where(i => pad[2 * i].Value != 0 || pad[2 * i + 1].Value != 0)
            .Select(i => (call.Rank(0) - 1 - i, pad[2 * i], pad[2 * i + 1]));
    }

    private static IEnumerable<(int Dim, Dim Shift)> Rolled(OperatorCall call) =>
        call.Attributes.Ints("dims").Select((dim, i) => (dim < 0 ? dim + call.Rank(0) : dim, call.Attributes.Sizes("shifts")[i]));
}
