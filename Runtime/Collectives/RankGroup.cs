namespace GShard;

/// <summary>The processes of a group, seen from one of them.</summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="ranks">Its ranks in the mesh, in the order of its members.</param>
/// <param name="member">This member.</param>
/// <param name="isBeside">Whether it is the group of what is started, beside that of what the program calls.</param>
internal sealed class RankGroup(string name, int[] ranks, int member, bool isBeside = false)
{
    public string Name => name;

    public int[] Ranks => ranks;

    public int Member => member;

    public int Size => ranks.Length;

    /// <summary>The same for every group of the same ranks in the same order, on every rank.</summary>
    public string Key { get; } = string.Join(',', ranks) + (isBeside ? "/beside" : "");

    /// <summary>The members but this one, beginning behind it, so that not all turn to the same one first.</summary>
    public int[] Others { get; } = [.. Enumerable.Range(1, ranks.Length - 1).Select(i => (member + i) % ranks.Length)];
}
