using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Cuts this rank's part from the parameters and buffers of a plain module.</summary>
public static class Shards
{
    [ThreadStatic]
    private static Dictionary<Parameter, (string Name, Parameter Shard)>? tied;

    /// <summary>
    /// While the outermost of these is open on a thread, a whole parameter that is met again, in the same module or in another, is not cut
    /// again: tied weights stay one parameter with one gradient.
    /// </summary>
    public static TiedWeights KeepTies()
    {
        var isOutermost = tied is null;
        tied ??= new Dictionary<Parameter, (string Name, Parameter Shard)>(ReferenceEqualityComparer.Instance);
        return new TiedWeights(isOutermost);
    }

    /// <summary>The time in which tied weights are cut once; see <see cref="KeepTies"/>.</summary>
    public readonly struct TiedWeights : IDisposable
    {
        private readonly bool isOutermost;

        internal TiedWeights(bool isOutermost) => this.isOutermost = isOutermost;

        /// <summary>Forgets the weights, where this is the outermost.</summary>
        public void Dispose()
        {
            if (isOutermost) tied = null;
        }
    }

    /// <summary>A parameter with a copy of this rank's part of a whole one; whether it requires a gradient is kept, and its <see cref="ParameterSharding"/> attached.</summary>
    /// <param name="whole">The plain module's parameter, left as it is.</param>
    /// <param name="name">Its full name, for errors.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="placements">The splits, major first: a dimension split twice is cut into chunks of chunks.</param>
    /// <exception cref="ArgumentException">
    /// An axis is unknown or used twice, a dimension does not exist, or an axis does not divide a dimension that is not marked uneven; a tied
    /// weight lies otherwise elsewhere; or the parameter is complex.
    /// </exception>
    public static Parameter Parameter(Parameter whole, string name, DeviceMesh mesh, params Placement[] placements)
    {
        RequireReal(whole, name);
        return ComplexParameter(whole, name, mesh, placements);
    }

    /// <summary>As <see cref="Parameter"/>, of a parameter that may be complex, because the module takes it apart into real and imaginary parts.</summary>
    /// <param name="whole">The plain module's parameter, left as it is.</param>
    /// <param name="name">Its full name, for errors.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="placements">The splits, major first.</param>
    /// <exception cref="ArgumentException">As for <see cref="Parameter"/>.</exception>
    public static Parameter ComplexParameter(Parameter whole, string name, DeviceMesh mesh, params Placement[] placements)
    {
        ArgumentNullException.ThrowIfNull(whole);
        if (tied is not null && tied.TryGetValue(whole, out var first)) return SameShard(first.Shard, first.Name, name, placements);
        var (part, sharding) = Cut(whole, name, mesh, placements);
        var parameter = new Parameter(part, whole.requires_grad);
        ParameterSharding.Attach(parameter, sharding);
        tied?.Add(whole, (name, parameter));
        return parameter;
    }

    /// <summary>A copy of this rank's part of a whole buffer.</summary>
    /// <param name="whole">The plain module's buffer, left as it is.</param>
    /// <param name="name">Its full name, for errors.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="placements">The splits, major first.</param>
    /// <exception cref="ArgumentException">As for <see cref="Parameter"/>.</exception>
    public static Tensor Buffer(Tensor whole, string name, DeviceMesh mesh, params Placement[] placements)
    {
        RequireReal(whole, name);
        return ComplexBuffer(whole, name, mesh, placements);
    }

    /// <summary>As <see cref="Buffer"/>, of a buffer that may be complex, because the module takes it apart into real and imaginary parts.</summary>
    /// <param name="whole">The plain module's buffer, left as it is.</param>
    /// <param name="name">Its full name, for errors.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="placements">The splits, major first.</param>
    /// <exception cref="ArgumentException">As for <see cref="Parameter"/>.</exception>
    public static Tensor ComplexBuffer(Tensor whole, string name, DeviceMesh mesh, params Placement[] placements)
    {
        ArgumentNullException.ThrowIfNull(whole);
        var (part, sharding) = Cut(whole, name, mesh, placements);
        ParameterSharding.Attach(part, sharding);
        return part;
    }

    /// <summary>Holds an axis against the number that <c>[Split(dim, n)]</c> promises; an axis of size 1 always passes.</summary>
    /// <param name="mesh">The mesh.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="promised">n.</param>
    /// <param name="model">The model's name, for the error.</param>
    /// <param name="member">The annotated member's name, for the error.</param>
    /// <exception cref="ArgumentException">The axis has neither that size nor size 1, or does not exist.</exception>
    public static void CheckPromise(DeviceMesh mesh, string axis, int promised, string model, string member)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        var size = mesh.Axis(axis).Size;
        if (size != 1 && size != promised)
            throw new ArgumentException($"{model}.{member} is split into {promised}, but mesh axis '{axis}' has {size} ranks; build the mesh with '{axis}' of size {promised} or 1, or change the annotation.", nameof(mesh));
    }

    /// <summary>Adds to a state dict what the module has under a second name, which a plain module lists under both.</summary>
    /// <param name="state">The module's state dict.</param>
    /// <param name="prefix">What stands before the module's names in it, or null.</param>
    /// <param name="tied">The tied weights by name.</param>
    /// <returns>The same state dict.</returns>
    public static Dictionary<string, Tensor> WithTies(Dictionary<string, Tensor> state, string? prefix, params (string Name, Tensor Weight)[] tied)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(tied);
        foreach (var (name, weight) in tied) state.TryAdd(string.IsNullOrEmpty(prefix) ? name : $"{prefix}.{name}", weight);
        return state;
    }

    private static void RequireReal(Tensor whole, string name)
    {
        ArgumentNullException.ThrowIfNull(whole);
        if (whole.is_complex())
            throw new ArgumentException($"The module takes '{name}' for a real tensor, but it is of {whole.dtype}; keep torch.view_as_real of it, and take torch.view_as_complex({name}) in the method.", nameof(whole));
    }

    private static Parameter SameShard(Parameter shard, string first, string name, Placement[] placements)
    {
        var known = ParameterSharding.Of(shard)!.Placements;
        if (known.Select(p => (p.Dim, p.Axis)).SequenceEqual(placements.Where(p => p.IsSplit).Select(p => (p.Dim, p.Axis)))) return shard;
        static string Print(IEnumerable<Placement> of) => of.Any(p => p.IsSplit) ? string.Join(" ", of.Where(p => p.IsSplit)) : "R";
        throw new ArgumentException($"'{name}' is the same parameter as '{first}', which lies {Print(known)}, but is to lie {Print(placements)}; annotate both with every split of either (what is left open may be split to suit the class), or untie them.", nameof(placements));
    }

    private static (Tensor Part, ParameterSharding Sharding) Cut(Tensor whole, string name, DeviceMesh mesh, Placement[] placements)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        ArgumentNullException.ThrowIfNull(placements);
        var shape = whole.shape;
        var used = new HashSet<string>(StringComparer.Ordinal);
        var local = (long[])shape.Clone();
        foreach (var placement in placements)
        {
            if (!placement.IsSplit) continue;
            var axis = mesh.Axis(placement.Axis!);
            if (!used.Add(axis.Name))
                throw new ArgumentException($"'{name}' is split twice over axis '{axis.Name}'.", nameof(placements));
            if (placement.Dim >= shape.Length)
                throw new ArgumentException($"'{name}' is split on dim {placement.Dim}, but its shape is [{string.Join(", ", shape)}].", nameof(placements));
            if (!placement.IsUneven && local[placement.Dim] % axis.Size != 0)
                throw new ArgumentException($"Dim {placement.Dim} of '{name}' [{string.Join(", ", shape)}] is split over the {axis.Size} ranks of '{axis.Name}', which do not divide {local[placement.Dim]}; mark the split Uneven or choose another size.", nameof(placements));
            local[placement.Dim] = axis.ChunkSize(local[placement.Dim]);
        }
        var sharding = new ParameterSharding(mesh, shape, [.. placements.Where(placement => placement.IsSplit)]);
        using var _ = no_grad();
        if (whole.device_type == TorchSharp.DeviceType.META) return (Drawn(whole, name, sharding), sharding);
        var part = whole.detach();
        var (offset, size) = sharding.LocalBox();
        for (var dim = 0; dim < shape.Length; dim++)
        {
            if (size[dim] == shape[dim]) continue;
            using var before = part;
            part = before.narrow(dim, offset[dim], size[dim]);
        }
        using var view = part;
        // A buffer or parameter outlives whatever dispose scope the module is built in.
        var copy = view.is_contiguous() ? view.clone() : view.contiguous();
        return (copy.DetachFromDisposeScope(), sharding);
    }

    private static Tensor Drawn(Tensor whole, string name, ParameterSharding sharding)
    {
        var values = InitialValues.Of(whole) ?? throw new ArgumentException(
            $"'{name}' is on the meta device and nothing says what values it has; make it by GShard.Initialize, or give it values by Initialize.Module(model) or Initialize.Normal({name}) before Shard.", nameof(whole));
        var (offset, shape) = sharding.LocalBox();
        return values.Draw(shape, sharding.GlobalShape, offset, whole.dtype, CPU).DetachFromDisposeScope();
    }
}
