namespace GShard.Torch.Tests;

public class ThreadTests
{
    [Fact]
    public void Ranks_on_threads_compute_the_same_and_free_each_others_tensors()
    {
        const int ranks = 4;
        var results = new double[ranks];
        var handed = new Tensor[ranks];
        var threads = Enumerable.Range(0, ranks).Select(rank => new Thread(() =>
        {
            using var generator = new Generator(7);
            for (int step = 0; step < 50; step++)
            {
                using var scope = NewDisposeScope();
                var x = randn([16, 16], dtype: float64, generator: generator).requires_grad_();
                x.matmul(x.t()).relu().sum().backward();
                results[rank] += x.grad!.sum().item<double>();
                Interlocked.Exchange(ref handed[(rank + step) % ranks], ones(4).DetachFromDisposeScope())?.Dispose();
                Assert.Throws<ExternalException>(() => x.mm(ones(3, 3, dtype: float64)));
            }
        })).ToList();
        threads.ForEach(static t => t.Start());
        threads.ForEach(static t => t.Join());
        Assert.All(results, r => Assert.Equal(results[0], r));
    }

    [Fact]
    public void Thread_counts_can_be_set()
    {
        NativeThreads.ConfigureForRanks(4);
        Assert.Equal(1, get_num_threads());
        if (NativeThreads.Blas != 0)
            Assert.Equal(1, NativeThreads.Blas);
    }

    [Fact]
    public void A_generator_repeats_itself_from_a_seed_and_from_a_state()
    {
        using var first = new Generator(11);
        using var second = new Generator(11);
        using var a = rand([5], generator: first);
        using var b = rand([5], generator: second);
        Assert.Equal(a.data<float>().ToArray(), b.data<float>().ToArray());
        using var state = first.get_state();
        using var c = rand([5], generator: first);
        first.set_state(state);
        using var d = rand([5], generator: first);
        Assert.Equal(c.data<float>().ToArray(), d.data<float>().ToArray());
        Assert.Equal(11, first.initial_seed());
    }
}
