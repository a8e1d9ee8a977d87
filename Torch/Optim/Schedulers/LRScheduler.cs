namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>Sets the learning rate of each group from the number of steps taken; call <c>step</c> after the optimizer's.</summary>
            public abstract class LRScheduler
            {
                protected int _step_count;

                // PyTorch's group.setdefault('initial_lr'): what a first schedule has set is no later one's initial rate.
                private static readonly ConditionalWeakTable<ILearningRateController, object> Scheduled = [];

                internal readonly Optimizer _optimizer = null!;
                private protected readonly bool _verbose;
                private protected readonly List<double> _base_lrs = [];
                private protected List<double> _last_lrs = [];
                internal int _last_epoch;

                protected LRScheduler()
                {
                }

                /// <summary>A derived constructor ends with <c>step()</c>, which sets the rate of epoch 0.</summary>
                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    _optimizer = optimizer;
                    _last_epoch = last_epoch;
                    _verbose = verbose;
                    if (last_epoch == -1)
                        foreach (var group in optimizer.ParamGroups)
                            if (Scheduled.TryAdd(group, group)) group.InitialLearningRate = group.LearningRate;
                    _base_lrs.AddRange(optimizer.ParamGroups.Select(group => group.InitialLearningRate));
                    _last_lrs = [.. _base_lrs];
                }

                /// <summary>The rates that this step multiplies or sets.</summary>
                private protected IEnumerable<double> CurrentRates => _optimizer.ParamGroups.Select(group => group.LearningRate);

                /// <summary>One step further.</summary>
                public virtual void step() => step(null);

                /// <summary>To <paramref name="epoch"/>, or one step further where it is null.</summary>
                public virtual void step(int? epoch)
                {
                    _step_count++;
                    _last_epoch = epoch ?? _last_epoch + 1;
                    Set([.. epoch is null ? get_lr() : get_closed_form_lr()]);
                }

                /// <summary>For schedules that follow a measure: <paramref name="current"/> is its value.</summary>
                public virtual void step(double current, int? epoch = null) => step(epoch);

                public IEnumerable<double> get_last_lr() => _last_lrs;

                /// <summary>The rates of <c>_last_epoch</c>, from the ones now set.</summary>
                protected virtual IEnumerable<double> get_lr() => CurrentRates;

                /// <summary>The rates of <c>_last_epoch</c>, from the initial ones.</summary>
                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();

                private protected void Set(List<double> rates)
                {
                    foreach (var (group, rate) in _optimizer.ParamGroups.Zip(rates))
                    {
                        group.LearningRate = rate;
                        if (_verbose) Console.WriteLine($"Learning rate of epoch {_last_epoch}: {rate}");
                    }
                    _last_lrs = rates;
                }

                private protected static IEnumerable<double> OfGroups(Optimizer optimizer, double value) => optimizer.ParamGroups.Select(_ => value);

                private protected List<double> OnePerGroup(IEnumerable<double> values, string name)
                {
                    List<double> all = [.. values];
                    if (all.Count != _base_lrs.Count)
                        throw new ArgumentException($"There are {all.Count} values of {name} for {_base_lrs.Count} groups of parameters; give one a group.", name);
                    return all;
                }

                /// <exception cref="ArgumentException">The optimizer has no momentum to change.</exception>
                private protected void CheckMomentum()
                {
                    if (_optimizer.ParamGroups.Any(group => group is not (IMomentum or IBetas)))
                        throw new ArgumentException($"{_optimizer.GetType().Name} has no momentum; give cycle_momentum: false.", "cycle_momentum");
                }

                /// <summary>Sets each group's momentum, or the first of its betas.</summary>
                private protected void SetMomentum(IEnumerable<double> values)
                {
                    foreach (var (group, value) in _optimizer.ParamGroups.Zip(values))
                    {
                        if (group is IMomentum momentum) momentum.Momentum = value;
                        else if (group is IBetas betas) betas.Betas = (value, betas.Betas.Item2);
                    }
                }

                private protected IEnumerable<double> Scaled(double factor) => CurrentRates.Select(rate => rate * factor).ToList();

                private protected IEnumerable<double> FromBase(double factor) => _base_lrs.Select(rate => rate * factor);
            }
        }
    }
}
