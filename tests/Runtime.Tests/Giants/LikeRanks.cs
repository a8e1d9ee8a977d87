using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>A world of many ranks of which one runs; the others are taken to say and hold what it does.</summary>
internal sealed class LikeRanks(MeshShape shape) : RankWorld
{
    private readonly CollectiveLog log = new();

    public override MeshShape Shape => shape;

    public override TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    public override CollectiveLog Log(int rank) => log;

    public override CollectiveGroup Join(string name, int[] ranks, int member) => new Group(ranks.Length);

    public override void Leave()
    {
    }

    private sealed class Group(int size) : CollectiveGroup
    {
        public override Tensor AllReduce(Tensor x, Reduction reduction) => reduction == Reduction.Sum ? x.mul(size) : x.clone();

        public override Tensor[] AllReduce(Tensor[] xs, Reduction reduction) => [.. xs.Select(x => AllReduce(x, reduction))];

        public override Tensor AllGather(Tensor x, int dim) => cat([.. Enumerable.Repeat(x, size)], dim);

        public override byte[][] Tell(byte[] words) => [.. Enumerable.Repeat(words, size)];

        public override void Barrier()
        {
        }

        public override long GlobalSize(long localSize) => localSize * size;

        public override Tensor Broadcast(Tensor x, int source) => x.clone();

        public override Tensor ReduceScatter(Tensor x, int dim, long granule) => throw Unmet(nameof(ReduceScatter));

        public override Tensor AllToAll(Tensor x, int splitDim, int concatDim, long granule) => throw Unmet(nameof(AllToAll));

        public override Tensor Permute(Tensor x, int[] destinations) => throw Unmet(nameof(Permute));

        public override Tensor Window(Tensor x, int dim, SlidingWindow window, double fill) => throw Unmet(nameof(Window));

        public override Tensor WindowAdd(Tensor x, int dim, SlidingWindow window) => throw Unmet(nameof(WindowAdd));

        private static InvalidOperationException Unmet(string what) => new($"What the other ranks hold matters to {what}; like ranks cannot do it.");
    }
}
