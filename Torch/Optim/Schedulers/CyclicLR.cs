namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler CyclicLR(Optimizer optimizer, double base_lr, double max_lr, int step_size_up = 2000, int step_size_down = -1, impl.CyclicLR.Mode mode = impl.CyclicLR.Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, impl.CyclicLR.ScaleMode scale_mode = impl.CyclicLR.ScaleMode.Cycle, bool cycle_momentum = true, double base_momentum = 0.8, double max_momentum = 0.9, int last_epoch = -1, bool verbose = false) =>
                new impl.CyclicLR(optimizer, base_lr, max_lr, step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode, cycle_momentum, base_momentum, max_momentum, last_epoch, verbose);

            public static LRScheduler CyclicLR(Optimizer optimizer, IEnumerable<double> base_lr, IEnumerable<double> max_lr, int step_size_up = 2000, int step_size_down = -1, impl.CyclicLR.Mode mode = impl.CyclicLR.Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, impl.CyclicLR.ScaleMode scale_mode = impl.CyclicLR.ScaleMode.Cycle, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, int last_epoch = -1, bool verbose = false) =>
                new impl.CyclicLR(optimizer, base_lr, max_lr, step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode, cycle_momentum, base_momentum, max_momentum, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>The rate goes up and down between two bounds (Smith 2017), the momentum down and up.</summary>
                public class CyclicLR : LRScheduler
                {
                    private readonly List<double> _lowest;
                    private readonly List<double> _max_lrs;
                    private readonly double _step_size_up;
                    private readonly double _total_size;
                    private readonly Mode _mode;
                    private readonly double _gamma;
                    private readonly Func<double, double>? _scale_fn;
                    private readonly ScaleMode _scale_mode;
                    private readonly bool _cycle_momentum;
                    private readonly List<double> _base_momentum;
                    private readonly List<double> _max_momentum;

                    public CyclicLR(Optimizer optimizer, double base_lr, double max_lr, int step_size_up = 2000, int step_size_down = -1, Mode mode = Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, ScaleMode scale_mode = ScaleMode.Cycle, bool cycle_momentum = true, double base_momentum = 0.8, double max_momentum = 0.9, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, OfGroups(optimizer, base_lr), OfGroups(optimizer, max_lr), step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode, cycle_momentum, OfGroups(optimizer, base_momentum), OfGroups(optimizer, max_momentum), last_epoch, verbose)
                    {
                    }

                    public CyclicLR(Optimizer optimizer, IEnumerable<double> base_lr, IEnumerable<double> max_lr, int step_size_up = 2000, int step_size_down = -1, Mode mode = Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, ScaleMode scale_mode = ScaleMode.Cycle, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _lowest = OnePerGroup(base_lr, nameof(base_lr));
                        _max_lrs = OnePerGroup(max_lr, nameof(max_lr));
                        _step_size_up = step_size_up;
                        _total_size = (double)step_size_up + (step_size_down < 0 ? step_size_up : step_size_down);
                        _mode = mode;
                        _gamma = gamma;
                        _scale_fn = scale_fn;
                        _scale_mode = scale_fn is not null ? scale_mode : mode == Mode.ExpRange ? ScaleMode.Iterations : ScaleMode.Cycle;
                        _cycle_momentum = cycle_momentum;
                        _base_momentum = OnePerGroup(base_momentum ?? OfGroups(optimizer, 0.8), nameof(base_momentum));
                        _max_momentum = OnePerGroup(max_momentum ?? OfGroups(optimizer, 0.9), nameof(max_momentum));
                        if (cycle_momentum) CheckMomentum();
                        step();
                    }

                    public enum Mode
                    {
                        Triangular,
                        Triangular2,
                        ExpRange,
                    }

                    public enum ScaleMode
                    {
                        Cycle,
                        Iterations,
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        var cycle = Math.Floor(1 + _last_epoch / _total_size);
                        var x = 1 + _last_epoch / _total_size - cycle;
                        var rise = _step_size_up / _total_size;
                        var height = (x <= rise ? x / rise : (x - 1) / (rise - 1)) * Scale(_scale_mode == ScaleMode.Cycle ? cycle : _last_epoch);
                        if (_cycle_momentum) SetMomentum(_base_momentum.Zip(_max_momentum, (low, high) => high - (high - low) * height));
                        return _lowest.Zip(_max_lrs, (low, high) => low + (high - low) * height).ToList();
                    }

                    private double Scale(double x) => _scale_fn?.Invoke(x) ?? _mode switch
                    {
                        Mode.Triangular => 1,
                        Mode.Triangular2 => 1 / Math.Pow(2, x - 1),
                        _ => Math.Pow(_gamma, x),
                    };
                }
            }
        }
    }
}
