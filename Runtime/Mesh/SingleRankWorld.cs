namespace GShard;

/// <summary>A world of one rank, which meets nobody.</summary>
internal sealed class SingleRankWorld(MeshShape shape) : RankWorld
{
    private readonly CollectiveLog log = new();

    public override MeshShape Shape => shape;

    public override TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    public override CollectiveLog Log(int rank) => log;

    public override CollectiveGroup Join(string name, int[] ranks, int member) => throw new InvalidOperationException("A world of one rank has no groups.");

    public override void Leave()
    {
    }
}
