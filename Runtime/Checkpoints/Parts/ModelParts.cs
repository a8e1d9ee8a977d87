using static TorchSharp.torch;

namespace GShard;

/// <summary>This rank's parts of a model's parameters and persistent buffers.</summary>
internal static class ModelParts
{
    /// <exception cref="ArgumentNullException">The model is sharded, but there is no mesh.</exception>
    public static List<TensorPart> Of(nn.Module model, DeviceMesh? mesh)
    {
        var parts = new List<TensorPart>();
        foreach (var (name, parameter) in model.named_parameters()) parts.Add(Describe(name, parameter, mesh));
        foreach (var (name, buffer) in model.named_buffers(recurse: true, include_nonpersistent: false)) parts.Add(Describe(name, buffer, mesh));
        return parts;
    }

    private static TensorPart Describe(string name, Tensor tensor, DeviceMesh? mesh)
    {
        var sharding = ParameterSharding.OfTensor(tensor);
        if (sharding is not null && mesh is null && sharding.Mesh.Size > 1)
            throw new ArgumentNullException(nameof(mesh), $"'{name}' is one part of a sharded tensor; pass the mesh it was sharded over.");
        return TensorPart.Of(name, tensor, sharding);
    }
}
