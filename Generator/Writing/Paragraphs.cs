using GShard.Compiler.Cost;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>Where blank lines stand in a block: between statements of the user's source that became several here, and around blocks.</summary>
internal sealed class Paragraphs
{
    private readonly HashSet<Operation> beginnings = [];

    public Paragraphs(Block block)
    {
        var groups = new List<List<Operation>>();
        foreach (var operation in block.Operations)
        {
            if (groups.Count == 0 || !Belongs(operation, groups[groups.Count - 1])) groups.Add([]);
            groups[groups.Count - 1].Add(operation);
        }

        for (var i = 1; i < groups.Count; i++)
            if (IsLong(groups[i - 1]) || IsLong(groups[i])) beginnings.Add(groups[i][0]);
    }

    /// <summary>Whether a blank line stands above the operation.</summary>
    public bool Begins(Operation operation) => beginnings.Contains(operation);

    private static bool Belongs(Operation operation, List<Operation> group)
    {
        if (IsFree(operation)) return group[0].Blocks.IsEmpty;
        if (operation.Name == "accumulate") return true;
        if (operation.Name == "save" || !operation.Blocks.IsEmpty || !group[0].Blocks.IsEmpty) return false;
        if (IsSize(operation) != IsSize(group[0])) return false;
        var others = group.Where(o => !IsFree(o) && o.Name != "accumulate").Select(o => o.Origin).ToList();
        return others.Any(o => Nest(o, operation.Origin)) || (others.Count > 0 && others[0].Member != operation.Origin.Member);
    }

    // Parts of one expression of the source lie within each other.
    private static bool Nest(Origin a, Origin b) => a.Member == b.Member && (Contains(a, b) || Contains(b, a));

    private static bool Contains(Origin outer, Origin inner) =>
        outer.Start <= inner.Start && inner.Start + inner.Length <= outer.Start + outer.Length;

    private static bool IsFree(Operation operation) => operation.Name is "free" or "free_unless_kept";

    private static bool IsSize(Operation operation) => operation.Results.Length > 0 && operation.Results.All(r => r.Type is HostType { Kind: "size" });

    private static bool IsLong(List<Operation> group) =>
        group.Count > 1 || !group[0].Blocks.IsEmpty || CollectiveVolume.IsCollective(group[0]) || group[0].Name == "save" && group[0].Operands.Length > 1;
}
