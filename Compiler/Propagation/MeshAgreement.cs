using GShard.Compiler.Shardings;

namespace GShard.Compiler.Propagation;

/// <summary>The one mesh of an operation's values.</summary>
internal static class MeshAgreement
{
    /// <summary>
    /// The mesh that all values of an operation are on, <paramref name="otherwise"/> where none names one; null where two differ.
    /// An empty mesh goes with any.
    /// </summary>
    public static Mesh? Of(PropagationOperation operation, ValueState[] states, Mesh otherwise)
    {
        Mesh? mesh = null;
        for (var tensor = 0; tensor < operation.Operands.Length + operation.Results.Length; tensor++)
        {
            var own = states[operation.Tensor(tensor)].Mesh;
            if (own is null || own.Axes.IsEmpty) continue;
            if (mesh is not null && !ReferenceEquals(mesh, own) && !mesh.Equals(own)) return null;
            mesh = own;
        }

        return mesh ?? otherwise;
    }
}
