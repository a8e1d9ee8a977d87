using GShard.Compiler.Cost;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>Where blank lines stand in a block: between statements of the user's source that became several here, and around commented ones.</summary>
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
        if (operation.Name is "free" or "free_unless_kept" or "accumulate") return group[0].Blocks.IsEmpty;
        var last = group.Last(o => o.Name is not ("free" or "free_unless_kept") || o == group[0]);
        if (operation.Name is "save" || !operation.Blocks.IsEmpty || !last.Blocks.IsEmpty) return false;
        if (IsSize(operation) || IsSize(last)) return IsSize(operation) == IsSize(last);
        return operation.Origin.Value == last.Origin.Value && operation.Origin.Member == last.Origin.Member;
    }

    private static bool IsSize(Operation operation) => operation.Results.Length > 0 && operation.Results.All(r => r.Type is HostType { Kind: "size" });

    private static bool IsLong(List<Operation> group) => group.Count > 1 || !group[0].Blocks.IsEmpty || CollectiveVolume.IsCollective(group[0]) || group[0].Name == "save";
}
