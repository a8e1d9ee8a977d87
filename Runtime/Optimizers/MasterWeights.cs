using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Trains bf16 or f16 parameters by f32 copies (Micikevicius et al., "Mixed precision training", 2018): the optimizer sees and updates the copies,
/// from gradients brought to f32, and each step rounds them to the parameters. Without them an update smaller than a 256th of a bf16 parameter is lost.
/// <code>
/// var optimizer = model.Optimizer(parameters => new MasterWeights(parameters, masters => torch.optim.AdamW(masters, lr: 1e-3)));
/// </code>
/// </summary>
/// <remarks>Parameters of other element types are updated as they are. Shares of a <see cref="ZeroRedundancyOptimizer"/> have copies of their size only.</remarks>
public sealed class MasterWeights : OptimizerHelper
{
    private static readonly ConditionalWeakTable<Parameter, Parameter> Originals = [];

    private readonly (Parameter Parameter, Parameter Master)[] pairs;
    private readonly Parameter[] all;
    private readonly optim.Optimizer inner;

    /// <summary>Makes the copies, and the optimizer of them.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="optimizer">Makes the optimizer of the copies.</param>
    public MasterWeights(IEnumerable<Parameter> parameters, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(optimizer);
        all = [.. parameters];
        pairs = [.. all.Where(p => p.dtype is ScalarType.BFloat16 or ScalarType.Float16).Select(p => (p, Copy(p)))];
        var masters = new Dictionary<Parameter, Parameter>(ReferenceEqualityComparer.Instance);
        foreach (var (parameter, master) in pairs) masters.Add(parameter, master);
        inner = optimizer(all.Select(p => masters.GetValueOrDefault(p, p)).ToArray());
    }

    /// <summary>The options of the optimizer of the copies, for learning-rate schedulers.</summary>
    public override IEnumerable<optim.ILearningRateController> ParamGroups => inner.ParamGroups;

    /// <summary>The parameters themselves.</summary>
    public override IEnumerable<Parameter> parameters() => all;

    /// <summary>The f32 copy of each parameter that has one.</summary>
    public IEnumerable<(Parameter Parameter, Parameter Master)> Masters => pairs;

    /// <summary>The parameter that <paramref name="master"/> is the copy of, or null.</summary>
    internal static Parameter? OriginalOf(Parameter master) => Originals.TryGetValue(master, out var original) ? original : null;

    /// <summary>The optimizer of the copies.</summary>
    internal optim.Optimizer Inner => inner;

    /// <summary>Drops all gradients.</summary>
    public override void zero_grad()
    {
        foreach (var parameter in all) parameter.grad = null;
        inner.zero_grad();
    }

    /// <summary>Updates the copies, and the parameters from them.</summary>
    /// <param name="closure">Computes the loss and the gradients first, where given.</param>
    public override Tensor step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using var recording = enable_grad();
            loss = closure();
        }

        using var _ = no_grad();
        foreach (var (parameter, master) in pairs) master.grad = parameter.grad is { } gradient ? gradient.to_type(ScalarType.Float32).DetachFromDisposeScope() : null;
        inner.step();
        foreach (var (parameter, master) in pairs)
        {
            if (master.grad is null) continue;
            parameter.copy_(master);
            master.grad = null;
        }
        return loss!;
    }

    /// <summary>The state of the optimizer of the copies; the copies themselves are <see cref="Masters"/>.</summary>
    /// <exception cref="NotSupportedException">The optimizer of the copies has none to give.</exception>
    public override StateDictionary state_dict() => Helper.state_dict();

    /// <summary>Takes over the state of the optimizer of the copies.</summary>
    /// <exception cref="NotSupportedException">The optimizer of the copies takes none.</exception>
    public override void load_state_dict(StateDictionary state_dict) => Helper.load_state_dict(state_dict);

    /// <summary>Groups are made in the constructor.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void add_param_group(ParamGroup param_group) =>
        throw new NotSupportedException("MasterWeights are made of all parameters at once; pass them to the constructor.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            foreach (var (_, master) in pairs) master.Dispose();
        }

        base.Dispose(disposing);
    }

    private OptimizerHelper Helper => inner as OptimizerHelper ?? throw new NotSupportedException($"The state of a {inner.GetType().Name} cannot be saved.");

    private static Parameter Copy(Parameter parameter)
    {
        using var _ = no_grad();
        var master = new Parameter(parameter.detach().to_type(ScalarType.Float32).DetachFromDisposeScope(), parameter.requires_grad);
        Originals.Add(master, parameter);
        return master;
    }
}
