using static TorchSharp.torch;

namespace GShard;

/// <summary>This rank's parts of a model's parameters and persistent buffers.</summary>
internal static class ModelParts
{
    /// <exception cref="ArgumentNullException">The model is sharded, but there is no mesh.</exception>
    public static List<TensorPart> Of(nn.Module model, DeviceMesh? mesh)
    {
        // A tied weight has a name for each place where it is used; the first is the one that it is saved under.
        var names = new Dictionary<Tensor, List<string>>(ReferenceEqualityComparer.Instance);
        var named = model.named_parameters().Select(pair => (pair.name, tensor: (Tensor)pair.parameter))
            .Concat(model.named_buffers(recurse: true, include_nonpersistent: false).Select(pair => (pair.name, tensor: pair.buffer)));
        foreach (var (name, tensor) in named.ToArray())
        {
            if (!names.TryGetValue(tensor, out var all)) names.Add(tensor, all = []);
            all.Add(name);
        }
        foreach (var (name, tensor) in model.state_dict())
            if (names.TryGetValue(tensor, out var all) && !all.Contains(name)) all.Add(name);
        return [.. names.Select(pair => Describe(pair.Value, pair.Key, mesh))];
    }

    private static TensorPart Describe(List<string> names, Tensor tensor, DeviceMesh? mesh)
    {
        var name = names[0];
        var sharding = ParameterSharding.OfTensor(tensor);
        if (sharding is not null && mesh is null && sharding.Mesh.Size > 1)
            throw new ArgumentNullException(nameof(mesh), $"'{name}' is one part of a sharded tensor; pass the mesh it was sharded over.");
        return TensorPart.Of(name, tensor, sharding) with { Aliases = names[1..] };
    }
}
