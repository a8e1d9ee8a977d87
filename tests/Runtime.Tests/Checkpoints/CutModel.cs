using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>Four parameters and a buffer with contents by a seed, whole or as one rank's part.</summary>
internal sealed class CutModel : nn.Module
{
    private static readonly (string Name, long[] Shape, ScalarType Dtype)[] Shapes =
        [("experts.wi", [6, 10, 4], ScalarType.Float32), ("norm.scale", [7], ScalarType.Float64), ("gate", [5, 3], ScalarType.Float32), ("temperature", [], ScalarType.Float32)];

    public CutModel(int seed, DeviceMesh? mesh = null, Cut? cut = null, ScalarType? reals = null)
        : base(nameof(CutModel))
    {
        for (var i = 0; i < Shapes.Length; i++)
        {
            var (name, shape, dtype) = Shapes[i];
            using var whole = new Parameter(Samples.Normal(seed + i, shape, dtype).to_type(reals ?? dtype));
            var placements = i == 0 && cut is not null ? cut.Placements : [];
            var order = cut?.Devices is { } devices ? mesh!.Reordered(devices) : mesh;
            var parameter = mesh is null ? new Parameter(whole.detach().clone()) : Shards.Parameter(whole, name, order!, placements);
            register_parameter(name.Replace('.', '_'), parameter);
            Tensors.Add(parameter);
        }
        using var counts = Samples.Integers(seed + 9, [5], ScalarType.Int64);
        var buffer = mesh is null ? counts.clone() : Shards.Buffer(counts, "counts", mesh, Placement.Split(0, mesh.Axes[^1].Name, uneven: true));
        register_buffer("counts", buffer);
        Tensors.Add(buffer);
    }

    public List<Tensor> Tensors { get; } = [];

    public Parameter[] Parameters => [.. Tensors.OfType<Parameter>()];

    public optim.Optimizer Optimizer(string name, DeviceMesh? mesh = null, Cut? cut = null) => cut?.ZeroAxis is { } axis
        ? new ZeroRedundancyOptimizer(Parameters, mesh!.Axis(axis), shares => Make(name, shares))
        : Make(name, Parameters);

    /// <summary>A gradient of each parameter's own shape, cut from the whole one of a step.</summary>
    public void SetGradients(int step, int seed = 500)
    {
        for (var i = 0; i < Parameters.Length; i++)
        {
            var p = Parameters[i];
            using var whole = Samples.Normal(seed + (10 * step) + i, Shapes[i].Shape, Shapes[i].Dtype);
            p.grad = Part(whole, p).to_type(p.dtype);
        }
    }

    /// <summary>This rank's part of a whole tensor.</summary>
    public static Tensor Part(Tensor whole, Tensor like)
    {
        var part = whole.alias();
        if (ParameterSharding.OfTensor(like)?.LocalBox() is not { } box) return part.clone();
        for (var dim = 0; dim < box.Shape.Length; dim++) part = part.narrow(dim, box.Offset[dim], box.Shape[dim]);
        return part.clone();
    }

    private static optim.Optimizer Make(string name, IEnumerable<Parameter> parameters) => name switch
    {
        "Adam" => optim.Adam(parameters, lr: 0.1, amsgrad: true),
        "AdamW" => optim.AdamW(parameters, lr: 0.1),
        "SGD" => optim.SGD(parameters, 0.1, momentum: 0.9),
        "RMSProp" => optim.RMSProp(parameters, lr: 0.1, momentum: 0.5, centered: true),
        "MasterWeights" => new MasterWeights(parameters, masters => optim.AdamW(masters, lr: 0.1)),
        "Adagrad" => optim.Adagrad(parameters, lr: 0.1),
        "Lamb" => new Lamb(parameters, lr: 0.1),
        "Lars" => new Lars(parameters, 0.1),
        _ => new Adafactor(parameters, lr: 30),
    };
}
