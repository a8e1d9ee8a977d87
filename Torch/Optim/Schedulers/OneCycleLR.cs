namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            public static LRScheduler OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>The rate rises once to its highest and falls to nearly nothing (Smith &amp; Topin 2018), the momentum the other way.</summary>
                public class OneCycleLR : LRScheduler
                {
                    private readonly List<double> _initial;
                    private readonly List<double> _highest;
                    private readonly List<double> _lowest;
                    private readonly int _total_steps;
                    private readonly double _pct_start;
                    private readonly AnnealStrategy _strategy;
                    private readonly bool _cycle_momentum;
                    private readonly bool _three_phase;
                    private readonly List<double> _base_momentum;
                    private readonly List<double> _max_momentum;

                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, OfGroups(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, OfGroups(optimizer, base_momentum), OfGroups(optimizer, max_momentum), div_factor, final_div_factor, three_phase, last_epoch, verbose)
                    {
                    }

                    public OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        if (total_steps <= 0 && (epochs <= 0 || steps_per_epoch <= 0))
                            throw new ArgumentException("Give total_steps, or epochs and steps_per_epoch, as positive numbers.", nameof(total_steps));
                        if (pct_start is not (>= 0 and <= 1)) throw new ArgumentException($"The rate rises for a share of 0 to 1 of the steps, not {pct_start}.", nameof(pct_start));
                        _total_steps = total_steps > 0 ? total_steps : epochs * steps_per_epoch;
                        _pct_start = pct_start;
                        _strategy = anneal_strategy;
                        _cycle_momentum = cycle_momentum;
                        _three_phase = three_phase;
                        _highest = OnePerGroup(max_lr, nameof(max_lr));
                        _initial = [.. _highest.Select(rate => rate / div_factor)];
                        _lowest = [.. _initial.Select(rate => rate / final_div_factor)];
                        _base_momentum = OnePerGroup(base_momentum ?? OfGroups(optimizer, 0.85), nameof(base_momentum));
                        _max_momentum = OnePerGroup(max_momentum ?? OfGroups(optimizer, 0.95), nameof(max_momentum));
                        if (cycle_momentum) CheckMomentum();
                        step();
                    }

                    public enum AnnealStrategy
                    {
                        Cos,
                        Linear,
                    }

                    private (double End, List<double> From, List<double> To, List<double> FromMomentum, List<double> ToMomentum)[] Phases
                    {
                        get
                        {
                            var rise = (_pct_start * _total_steps - 1, _initial, _highest, _max_momentum, _base_momentum);
                            if (!_three_phase) return [rise, (_total_steps - 1, _highest, _lowest, _base_momentum, _max_momentum)];
                            return
                            [
                                rise,
                                (2 * _pct_start * _total_steps - 2, _highest, _initial, _base_momentum, _max_momentum),
                                (_total_steps - 1, _initial, _lowest, _max_momentum, _max_momentum),
                            ];
                        }
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        if (_last_epoch > _total_steps)
                            throw new InvalidOperationException($"The cycle is over: step {_last_epoch + 1} was taken of {_total_steps}.");
                        var start = 0.0;
                        var phases = Phases;
                        var index = 0;
                        for (; index < phases.Length - 1 && _last_epoch > phases[index].End; index++) start = phases[index].End;
                        var (end, from, to, fromMomentum, toMomentum) = phases[index];
                        var share = (_last_epoch - start) / (end - start);
                        if (_cycle_momentum) SetMomentum(fromMomentum.Zip(toMomentum, (a, b) => Anneal(a, b, share)));
                        return from.Zip(to, (a, b) => Anneal(a, b, share)).ToList();
                    }

                    private double Anneal(double start, double end, double share) => _strategy == AnnealStrategy.Cos
                        ? end + (start - end) / 2 * (Math.Cos(Math.PI * share) + 1)
                        : (end - start) * share + start;
                }
            }
        }
    }
}
