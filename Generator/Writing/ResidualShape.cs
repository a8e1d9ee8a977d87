using System.Collections.Immutable;

namespace GShard.Generator.Writing;

/// <summary>The record of what one block of a forward keeps.</summary>
/// <param name="Name">The record's name.</param>
/// <param name="Fields">Its fields, in the order of the <c>save</c>.</param>
internal sealed record ResidualShape(string Name, ImmutableArray<ResidualField> Fields)
{
    /// <summary>This record and all those within it, inner ones first.</summary>
    public IEnumerable<ResidualShape> All => Fields.SelectMany(f => f.Inner.Where(i => i is not null).SelectMany(i => i!.All)).Append(this);
}

/// <summary>A field of a residual record.</summary>
/// <param name="Name">Its name; that of the variable is the same with a small letter.</param>
/// <param name="Type">Its C# type.</param>
/// <param name="Inner">Where it keeps what a loop or branch kept: the record of each block, null for one that keeps nothing.</param>
internal sealed record ResidualField(string Name, string Type, ImmutableArray<ResidualShape?> Inner);
