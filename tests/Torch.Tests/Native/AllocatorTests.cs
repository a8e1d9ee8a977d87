namespace GShard.Torch.Tests;

// Counters are those of the process, so these tests run with no other beside them.
[Collection("process-wide")]
public class AllocatorTests
{
    [Fact]
    public void A_freed_block_is_handed_out_again()
    {
        zeros(1 << 20).Dispose();
        var before = TensorMemory.Statistics;
        for (int i = 0; i < 10; i++)
            zeros(1 << 20).Dispose();
        var after = TensorMemory.Statistics;
        Assert.Equal(before.SystemAllocations, after.SystemAllocations);
        Assert.True(after.CacheHits >= before.CacheHits + 10);
        Assert.Equal(before.LiveBytes, after.LiveBytes);
    }

    [Fact]
    public void Live_and_cached_bytes_follow_tensors_and_trim()
    {
        long before = TensorMemory.LiveBytes;
        var x = zeros(1 << 20);
        Assert.Equal(before + (4 << 20), TensorMemory.LiveBytes);
        x.Dispose();
        Assert.Equal(before, TensorMemory.LiveBytes);
        Assert.True(TensorMemory.Trim() >= 4 << 20);
        Assert.Equal(0, TensorMemory.Statistics.CachedBytes);
    }

    [Fact]
    public void Undisposed_tensors_are_finalized_before_they_fill_the_memory()
    {
        long limit = TensorMemory.CollectAbove;
        TensorMemory.CollectAbove = TensorMemory.LiveBytes + (64 << 20);
        TensorMemory.ResetPeak();
        try
        {
            for (int i = 0; i < 400; i++)
                _ = zeros(1 << 20);
            Assert.True(TensorMemory.Statistics.PeakBytes < TensorMemory.CollectAbove + (512 << 20), $"peak {TensorMemory.Statistics.PeakBytes}");
        }
        finally
        {
            TensorMemory.CollectAbove = limit;
        }
    }

    [Fact]
    public void Data_is_aligned_for_the_widest_vectors()
    {
        unsafe
        {
            foreach (int size in new[] { 1, 100, 20000, 1 << 18 })
            {
                using var x = empty(size);
                Assert.Equal(0, (long)Native.DataPointer(x) % 64);
            }
        }
    }
}

[CollectionDefinition("process-wide", DisableParallelization = true)]
public class ProcessWide;
