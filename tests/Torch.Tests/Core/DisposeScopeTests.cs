namespace GShard.Torch.Tests;

public class DisposeScopeTests
{
    [Fact]
    public void A_scope_disposes_what_was_made_in_it_and_keeps_what_was_moved()
    {
        Tensor inside, moved;
        using (var outer = NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                inside = ones(2);
                moved = (inside + 1).MoveToOuterDisposeScope();
            }
            Assert.True(inside.IsInvalid);
            Assert.False(moved.IsInvalid);
            Assert.Equal(1, outer.DisposablesCount);
        }
        Assert.True(moved.IsInvalid);
    }

    [Fact]
    public void Moving_out_of_the_outermost_scope_sets_free()
    {
        Tensor kept, detached;
        using (NewDisposeScope())
        {
            kept = ones(2).MoveToOuterDisposeScope();
            detached = ones(2).DetachFromDisposeScope();
        }
        Assert.False(kept.IsInvalid);
        Assert.False(detached.IsInvalid);
        kept.Dispose();
        detached.Dispose();
    }

    [Fact]
    public void A_disposed_tensor_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        var a = ones(2);
        var b = ones(2);
        a.Dispose();
        Assert.Equal([b], scope.DisposablesView);
        scope.DisposeEverythingBut(b);
        Assert.False(b.IsInvalid);
        scope.DisposeEverything();
        Assert.True(b.IsInvalid);
    }

    [Fact]
    public void A_wrapped_expression_keeps_only_its_result()
    {
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var result = WrappedTensorDisposeScope(() => (ones(2) + 1) * 2);
        Assert.Equal(before + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal([4f, 4], result.data<float>().ToArray());
        result.Dispose();
    }

    [Fact]
    public void Scopes_are_per_thread()
    {
        using var scope = NewDisposeScope();
        Tensor? made = null;
        var thread = new Thread(() =>
        {
            Assert.Null(CurrentDisposeScope);
            made = ones(2);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        scope.Attach(made!);
        scope.DisposeEverything();
        Assert.True(made!.IsInvalid);
    }

    [Fact]
    public void Tensors_of_one_scope_may_be_disposed_on_many_threads()
    {
        using var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 4000).Select(static _ => zeros(1)).ToArray();
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int i = t; i < tensors.Length; i += 4)
                tensors[i].Dispose();
        })).ToList();
        threads.ForEach(static t => t.Start());
        threads.ForEach(static t => t.Join());
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void Indexing_leaves_nothing_but_its_result()
    {
        using var x = rand(3, 4);
        using var mask = x > 0.5;
        using var scope = NewDisposeScope();
        var picked = x[TensorIndex.Tensor(mask)];
        var row = x[1, TensorIndex.Slice(1)];
        Assert.Equal(2, scope.DisposablesCount);
        Assert.Equal(mask.sum().item<long>(), picked.shape[0]);
        Assert.Equal([3], row.shape);
    }
}
