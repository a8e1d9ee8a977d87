using System.Collections.Immutable;
using GShard.Compiler.Cost;
using GShard.Compiler.IR;

namespace GShard.Compiler.Passes;

/// <summary>
/// Makes one collective of several all-reduces over one axis that do not wait for each other, up to a bucket's size. It stands where
/// the last of them stood; weights' gradients, which nothing waits for, are accumulated after it. Weights' gradients go in buckets of
/// their own, so that what the program does wait for is no larger than it must be.
/// <code>
/// before  dW2 = all_reduce[data](dW)  accumulate[w](dW2)  …  dB2 = all_reduce[data](dB)  accumulate[b](dB2)
/// after   …  dW2, dB2 = all_reduce[data](dW, dB)  accumulate[w](dW2)  accumulate[b](dB2)
/// </code>
/// </summary>
internal sealed class CombinedCollectives
{
    /// <summary>The bytes that one collective moves before another one begins, those of a rank at nominal sizes (PyTorch's bucket: 25 MB).</summary>
    private const double BucketBytes = 25 * 1024 * 1024;

    /// <summary>Values that the program waits for are combined to this number: a tuple that people still read.</summary>
    private const int MostWaitedFor = 4;

    private readonly HashSet<Value> gradients = [];
    private readonly Function function;

    private CombinedCollectives(Function function)
    {
        this.function = function;
        var uses = new ValueUses(function.Body);
        foreach (var operation in function.Body.AllOperations.Reverse())
            if (operation.Name == "accumulate" || (operation.Name == "all_reduce" && gradients.Contains(operation.Result)))
                if (uses.Of(operation.Operands[0]) == 1) gradients.Add(operation.Operands[0]);
    }

    /// <summary>The function with fewer, larger collectives.</summary>
    public static Function Run(Function function)
    {
        var pass = new CombinedCollectives(function);
        return function with { Body = pass.Run(function.Body) };
    }

    private Block Run(Block block)
    {
        var buckets = new Buckets();
        for (var i = 0; i < block.Operations.Length; i++)
        {
            var operation = block.Operations[i];
            if (operation.Name is "all_reduce" or "all_reduce_max" or "all_reduce_min") Put(buckets, operation, i);
            else if (operation.Name != "accumulate" || !buckets.Defer(operation)) buckets.Need(operation);
        }

        var operations = ImmutableArray.CreateBuilder<Operation>();
        for (var i = 0; i < block.Operations.Length; i++)
        {
            var operation = block.Operations[i];
            if (!buckets.Holds(operation))
                operations.Add(operation.Blocks.IsEmpty ? operation : operation.With([.. operation.Blocks.Select(Run)]));
            foreach (var bucket in buckets.At(i)) operations.AddRange(bucket.Combine());
        }

        return block with { Operations = operations.ToImmutable() };
    }

    private void Put(Buckets buckets, Operation reduce, int at)
    {
        var type = reduce.Operands[0].Tensor;
        var waited = !gradients.Contains(reduce.Result);
        var bytes = CollectiveVolume.Of(reduce).Nominal(function.Mesh);
        buckets.Put(reduce, at, $"{reduce.Name} {reduce.Attributes.NameText} {type.Element} {waited}", bytes, BucketBytes, waited ? MostWaitedFor : int.MaxValue);
    }
}
