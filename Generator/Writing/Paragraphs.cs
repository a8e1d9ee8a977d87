using GShard.Compiler.Cost;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>Where blank lines stand in a block: between statements of the user's source that became several here, and around blocks.</summary>
internal sealed class Paragraphs
{
    private readonly HashSet<Operation> beginnings = [];
    private readonly string method;

    /// <summary>Groups the operations of a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="method">The method of the source; what comes from others, its private helpers, belongs to the call.</param>
    /// <param name="isBackward">Whether the operations stand in the reverse order of the source.</param>
    public Paragraphs(Block block, string method, bool isBackward)
    {
        this.method = method;
        var groups = new List<List<Operation>>();
        var operations = block.Operations.Where(o => !IsAttached(o));
        foreach (var operation in isBackward ? operations.Reverse() : operations)
        {
            if (groups.Count == 0 || !Belongs(operation, groups[groups.Count - 1])) groups.Add([]);
            groups[groups.Count - 1].Add(operation);
        }

        if (isBackward)
        {
            groups.Reverse();
            foreach (var group in groups) group.Reverse();
        }

        BeginAtCollectives(block);
        for (var i = 1; i < groups.Count; i++)
            if (IsLong(groups[i - 1], block) || IsLong(groups[i], block)) beginnings.Add(groups[i][0]);
    }

    /// <summary>Whether a blank line stands above the operation.</summary>
    public bool Begins(Operation operation) => beginnings.Contains(operation);

    private bool Belongs(Operation operation, List<Operation> group)
    {
        if (operation.Name is "save" or "restore" || group[0].Name is "save" or "restore") return false;
        if (!operation.Blocks.IsEmpty || !group[0].Blocks.IsEmpty || IsSize(operation) != IsSize(group[0])) return false;
        var own = group.Select(o => o.Origin).Where(o => o.Member == method).ToList();
        return operation.Origin.Member != method || own.Count == 0 || own.Any(o => Nest(o, operation.Origin));
    }

    // A comment begins a paragraph, unless the collective takes up what stands just above; a gradient that is handed over ends one.
    private void BeginAtCollectives(Block block)
    {
        Operation? last = null;
        var hasEnded = false;
        foreach (var operation in block.Operations)
        {
            if (operation.Name == "accumulate") hasEnded = true;
            if (IsAttached(operation)) continue;
            if (last is not null && (hasEnded || (Collectives.Has(operation.Name) && operation.Operands.Any(o => !last.Results.Contains(o))))) beginnings.Add(operation);
            (last, hasEnded) = (operation, false);
        }
    }

    // Parts of one expression of the source lie within each other.
    private static bool Nest(Origin a, Origin b) => Contains(a, b) || Contains(b, a);

    private static bool Contains(Origin outer, Origin inner) =>
        outer.Start <= inner.Start && inner.Start + inner.Length <= outer.Start + outer.Length;

    // What stands right behind the operation that it ends.
    private static bool IsAttached(Operation operation) => operation.Name is "free" or "free_unless_kept" or "accumulate";

    private static bool IsSize(Operation operation) => operation.Results.Length > 0 && operation.Results.All(r => r.Type is HostType { Kind: "size" });

    private static bool IsLong(List<Operation> group, Block block) =>
        group.Count > 1 || !group[0].Blocks.IsEmpty || CollectiveVolume.IsCollective(group[0])
        || (group[0].Name is "save" or "restore" ? group[0].Operands.Length + group[0].Results.Length > 1 : Followers(group[0], block) > 1);

    private static int Followers(Operation operation, Block block) =>
        block.Operations.SkipWhile(o => o != operation).Skip(1).TakeWhile(IsAttached).Sum(o => o.Operands.Length);
}
