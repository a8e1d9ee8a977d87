using GShard.Compiler.Cost;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;
using GShard.Compiler.Shardings;

namespace GShard.Generator.Writing;

/// <summary>Collectives in C#, and the comment above each: why, over which axis, what changes, how many bytes.</summary>
internal static class Collectives
{
    private const string Windows = "{0}, dim: {dim}, stride: {stride}, start: {start}, span: {span}, count: {count}, size: {size}";

    private static readonly Dictionary<string, (string Kind, string Pattern)> Table = new(StringComparer.Ordinal)
    {
        ["all_gather"] = ("AllGather", "AllGather({0}, dim: {dim})"),
        ["all_reduce"] = ("AllReduce", "AllReduce({0})"),
        ["all_reduce_max"] = ("AllReduceMax", "AllReduceMax({0})"),
        ["all_reduce_min"] = ("AllReduceMin", "AllReduceMin({0})"),
        ["all_to_all"] = ("AllToAll", "AllToAll({0}, splitDim: {split}, concatDim: {concat}{granule?})"),
        ["axis_rank"] = ("Rank", "Rank"),
        ["axis_size"] = ("Size", "Size"),
        ["check_cut"] = ("CheckCut", "CheckCut({dim}, {size}, {from}, {granule}{minor})"),
        ["chunk_offset"] = ("ChunkOffset", "ChunkOffset({size}{granule?})"),
        ["chunk_size"] = ("ChunkSize", "ChunkSize({size}{granule?})"),
        ["collective_permute"] = ("Permute", "Mesh.Permute({0}, {destinations})"),
        ["einsum_loop"] = ("EinsumLoop", "EinsumLoop({equation}, {0}, moving: {moving}, label: {label})"),
        ["global_size"] = ("GlobalSize", "GlobalSize({size})"),
        ["keep_on_first"] = ("KeepOnFirst", "KeepOnFirst({0})"),
        ["recut"] = ("Recut", "Recut({0}, dim: {dim}, size: {size}, {from}, {granule}{minor})"),
        ["reduce_scatter"] = ("ReduceScatter", "ReduceScatter({0}, dim: {dim}{granule?})"),
        ["slice"] = ("Slice", "Slice({0}, dim: {dim}{granule?})"),
        ["window"] = ("Window", $"Window({Windows}{{fill?}}{{wrap?}}{{granule?}}{{sizeGranule?}})"),
        ["window_add"] = ("WindowAdd", $"WindowAdd({Windows}{{wrap?}}{{granule?}}{{sizeGranule?}})"),
        ["zero_pad"] = ("ZeroPad", "ZeroPad({0}, dim: {dim}, globalSize: {size}{granule?})"),
    };

    /// <summary>Whether the operation is written as a call on a mesh axis.</summary>
    public static bool Has(string name) => Table.ContainsKey(name);

    /// <summary>The name of a collective in C# and in the plan: <c>AllToAll</c>.</summary>
    public static string Kind(Operation operation) => Table[operation.Name].Kind;

    /// <summary>The axis that a collective runs over; null where it is the whole mesh.</summary>
    public static string? AxisOf(Operation operation) => operation.Name == "collective_permute" ? null : operation.Attributes.NameText;

    /// <summary>The call: <c>expert.AllToAll(dispatched, splitDim: 0, concatDim: 1)</c>.</summary>
    public static string Print(Operation operation, OperationText text) => (AxisOf(operation) is { } axis ? text.Axis(axis) + "." : "") + (HasDims(operation)
        ? $"{Kind(operation)}({string.Join(", ", operation.Operands.Select((_, i) => $"({text[i]}, {Dim(operation, i)})"))})"
        : new Expression(operation.Name, Table[operation.Name].Pattern.Replace("{0}", "{*}").Replace("{minor}", string.Concat(MinorAxes(operation).Select(a => ", " + text.Axis(a))))).Print(text));

    /// <summary>The arguments of <c>Gradients.AllReduce</c>, which sums weights' gradients and accumulates them, and of <c>Gradients.ReduceScatter</c>: <c>data, (up, dUp, 0), (down, dDown, 1)</c>.</summary>
    public static IReadOnlyList<string> GradientArguments(Operation operation, OperationText text, IEnumerable<string> weights) =>
        [text.Axis(operation.Attributes.NameText), .. weights.Select((w, i) => $"({w}, {text[i]}{(operation.Name == "reduce_scatter" ? $", {Dim(operation, i)}" : "")})")];

    /// <summary>Why there is a collective: the annotation that asks for it, or else what its result is for.</summary>
    public static string? Reason(Operation operation, string? purpose) => operation.Attributes.Find("reason") is TextAttribute reason ? reason.Value : purpose;

    /// <summary>The comment above the call; null where nothing is to be said.</summary>
    /// <param name="operation">The collective.</param>
    /// <param name="purpose">What the result is for, where that is known.</param>
    public static string? Comment(Operation operation, string? purpose)
    {
        if (operation.Name is "check_cut" or "chunk_offset" or "chunk_size" or "axis_rank" or "axis_size") return null;
        var why = Reason(operation, purpose) is { } reason ? "; " + reason : "";
        if (AxisOf(operation) is not { } axis)
            return $"// Permute over the mesh: {Order(operation.Operands[0].Tensor)} → {Order(operation.Result.Tensor)}, {CollectiveVolume.Formula(operation)} bytes{why}";

        if (operation.Name == "global_size")
            return $"// AllReduce over '{axis}' on the host: {operation.Result.Name} is the sum of all ranks' {operation.Attributes.Size("size")}, {CollectiveVolume.Of(operation)} bytes{why}";

        if (operation.Name == "recut")
        {
            var (from, to) = (operation.Attributes.Size("from"), operation.Attributes.Size("granule"));
            string Cut(Dim granule) => granule.IsOne ? "equal chunks" : $"multiples of {granule}";
            return $"// Recut over '{string.Join("' and '", MinorAxes(operation).Prepend(axis))}': dim {operation.Attributes.Int("dim")} from {Cut(from)} to {Cut(to)}, no communication where these coincide{why}";
        }

        if (operation.Name == "einsum_loop")
            return $"// EinsumLoop over '{axis}': the parts of {operation.Operands[operation.Attributes.Int("moving")].Name} go round, {CollectiveVolume.Formula(operation)} bytes to each peer{why}";

        var change = $"{Describe(operation.Operands, axis)} → {Describe(operation.Results, axis)}{(operation.Name switch { "window" => " windows", "window_add" => ", windows added up", _ => "" })}";
        if (!CollectiveVolume.IsCollective(operation)) return $"// {Kind(operation)} over '{axis}': {change}, no communication{why}";
        var volume = CollectiveVolume.Formula(operation) + (CollectiveVolume.IsToEachPeer(operation) ? " bytes to each peer" : " bytes");
        return $"// {Kind(operation)} over '{axis}': {change}, {volume}{why}";
    }

    private static string Order(TensorType type) => type.Sharding.Devices.IsEmpty ? "the mesh's order" : $"devices {string.Join(", ", type.Sharding.Devices)}";

    // Several operands, each with a dim of its own.
    private static bool HasDims(Operation operation) => operation.Operands.Length > 1 && operation.Name is "all_gather" or "reduce_scatter";

    private static int Dim(Operation operation, int operand) => CombinedOperands.Of(operation, operand).Int("dim");

    private static string Describe(IEnumerable<Value> values, string axis) => string.Join(" and ", values.Select(v => Describe(v.Tensor, axis)).Distinct());

    /// <summary>The further axes of a dim that is cut anew.</summary>
    public static IEnumerable<string> MinorAxes(Operation recut) => recut.Attributes.Find("minor") is TextAttribute minor ? minor.Value.Split(' ') : [];

    private static string Describe(TensorType type, string axis)
    {
        var placement = type.Sharding.On(axis);
        return placement.Kind switch
        {
            PlacementKind.Split => (type.Dims[placement.Dim].SymbolName is { } name ? name : "dim " + placement.Dim) + "-split",
            PlacementKind.Partial when placement.Reduction == Reduction.Sum => "partial sums",
            PlacementKind.Partial => "partial " + (placement.Reduction == Reduction.Max ? "maxima" : "minima"),
            _ => "replicated",
        };
    }
}
