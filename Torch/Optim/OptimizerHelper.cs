using TorchSharp.Utils;

namespace TorchSharp.Modules;

/// <summary>The common part of the optimizers: groups, states by parameter, saving and loading.</summary>
public abstract class OptimizerHelper : optim.Optimizer
{
    protected OptimizerOptions _defaults = new();
    protected OrderedDict<IntPtr, OptimizerState> _state = [];

    public OptimizerHelper()
    {
    }

    public override void add_param_group(ParamGroup param_group)
    {
        param_group.Options.LearningRate ??= _defaults.LearningRate;
        param_group.Options.InitialLearningRate = param_group.LearningRate;
        param_group.Parameters = [.. param_group.Parameters];
        foreach (var parameter in param_group.Parameters)
            if (_state.ContainsKey(parameter.Handle))
                throw new ArgumentException(
                    $"A parameter of shape [{string.Join(", ", parameter.shape)}] is in two groups; every parameter belongs to one.", nameof(param_group));
        base.add_param_group(param_group);
    }

    private protected void AddGroup<TState>(ParamGroup group, Func<Parameter, TState> create)
        where TState : OptimizerState
    {
        foreach (var parameter in group.Parameters)
        {
            var state = create(parameter);
            state.Initialize(group.Options);
            _state[parameter.Handle] = state;
        }
    }

    public override IEnumerable<Parameter> parameters() => base.parameters();

    public override void zero_grad() => base.zero_grad();

    public void to(Device device)
    {
        foreach (var state in _state.values()) state.to(device);
    }

    protected Tensor _step<T>(Action<T> body, Func<Tensor>? loss_closure = null)
        where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using var recording = enable_grad();
            loss = loss_closure();
        }
        using var _ = no_grad();
        foreach (var group in _parameter_groups) body((T)group);
        return loss!;
    }

    public virtual optim.Optimizer.StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        foreach (var group in _parameter_groups)
        {
            dictionary.Options.Add(group.Options);
            var indices = new List<int>();
            foreach (var parameter in group.Parameters)
            {
                indices.Add(dictionary.State.Count);
                dictionary.State.Add(_state[parameter.Handle]);
            }
            dictionary.StateIndexRef.Add(indices);
        }
        return dictionary;
    }

    public virtual void load_state_dict(optim.Optimizer.StateDictionary state_dict)
    {
        var own = this.state_dict();
        RequireLayout(own, [.. state_dict.StateIndexRef.Select(group => group.Count)]);
        for (var i = 0; i < own.Options.Count; i++)
            if (!ReferenceEquals(own.Options[i], state_dict.Options[i])) own.Options[i].LoadStateDict(state_dict.Options[i]);
        for (var i = 0; i < own.State.Count; i++)
            if (!ReferenceEquals(own.State[i], state_dict.State[i])) own.State[i].LoadStateDict(state_dict.State[i]);
    }

    public void save_state_dict(string location)
    {
        using var stream = File.Create(location);
        using var writer = new BinaryWriter(stream);
        save_state_dict(writer);
    }

    /// <summary>Writes the optimizer's name, the sizes of the groups, their options, and the states in order.</summary>
    public void save_state_dict(BinaryWriter writer)
    {
        var dictionary = state_dict();
        writer.Write(GetType().Name);
        writer.Write7BitEncodedInt(dictionary.Options.Count);
        foreach (var group in dictionary.StateIndexRef) writer.Write7BitEncodedInt(group.Count);
        foreach (var options in dictionary.Options) options.SaveStateDict(writer);
        foreach (var state in dictionary.State) state.SaveStateDict(writer);
    }

    public void load_state_dict(string location)
    {
        using var stream = File.OpenRead(location);
        using var reader = new BinaryReader(stream);
        load_state_dict(reader);
    }

    public void load_state_dict(BinaryReader reader)
    {
        var kind = reader.ReadString();
        if (kind != GetType().Name)
            throw new InvalidOperationException($"The saved state is of {kind}, this optimizer is {GetType().Name}.");
        var own = state_dict();
        RequireLayout(own, [.. Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ => reader.Read7BitEncodedInt())]);
        foreach (var options in own.Options) options.LoadStateDict(reader);
        foreach (var state in own.State) state.LoadStateDict(reader);
    }

    private static void RequireLayout(StateDictionary own, IReadOnlyList<int> groups)
    {
        var sizes = own.StateIndexRef.Select(group => group.Count).ToArray();
        if (!sizes.SequenceEqual(groups))
            throw new InvalidOperationException(
                $"The loaded state has groups of [{string.Join(", ", groups)}] parameters, this optimizer of [{string.Join(", ", sizes)}].");
    }

    private protected override void ReleaseStates()
    {
        foreach (var state in _state.values()) (state as IDisposable)?.Dispose();
        _state.Clear();
    }
}
