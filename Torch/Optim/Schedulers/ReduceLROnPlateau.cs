namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler ReduceLROnPlateau(Optimizer optimizer, string mode = "min", double factor = 0.1, int patience = 10, double threshold = 1e-4, string threshold_mode = "rel", int cooldown = 0, IList<double>? min_lr = null, double eps = 1e-8, bool verbose = false) =>
                new impl.ReduceLROnPlateau(optimizer, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps, verbose);

            public static partial class impl
            {
                /// <summary>Multiplies the rate by <c>factor</c> when a measure has not improved for more than <c>patience</c> epochs.</summary>
                public class ReduceLROnPlateau : LRScheduler
                {
                    private readonly bool _smaller;
                    private readonly bool _relative;
                    private readonly double _factor;
                    private readonly double _threshold;
                    private readonly int _patience;
                    private readonly int _cooldown;
                    private readonly List<double> _min_lrs;
                    private readonly double _eps;
                    private double _best;
                    private int _bad_epochs;
                    private int _cooling;

                    public ReduceLROnPlateau(Optimizer optimizer, string mode = "min", double factor = 0.1, int patience = 10, double threshold = 1e-4, string threshold_mode = "rel", int cooldown = 0, IList<double>? min_lr = null, double eps = 1e-8, bool verbose = false)
                        : base(optimizer, -1, verbose)
                    {
                        if (factor >= 1) throw new ArgumentException($"The factor must be below 1, not {factor}.", nameof(factor));
                        if (mode is not ("min" or "max")) throw new ArgumentException($"The mode is \"min\" or \"max\", not \"{mode}\".", nameof(mode));
                        if (threshold_mode is not ("rel" or "abs"))
                            throw new ArgumentException($"The threshold mode is \"rel\" or \"abs\", not \"{threshold_mode}\".", nameof(threshold_mode));
                        _smaller = mode == "min";
                        _relative = threshold_mode == "rel";
                        _factor = factor;
                        _threshold = threshold;
                        _patience = patience;
                        _cooldown = cooldown;
                        _eps = eps;
                        _min_lrs = min_lr is null ? [.. _base_lrs.Select(_ => 0.0)] : [.. min_lr];
                        _best = _smaller ? double.PositiveInfinity : double.NegativeInfinity;
                        _last_epoch = 0;
                    }

                    public override void step() => throw Refusal();

                    public override void step(int? epoch) => throw Refusal();

                    public override void step(double current, int? epoch = null)
                    {
                        _step_count++;
                        _last_epoch = epoch ?? _last_epoch + 1;
                        if (Improves(current)) (_best, _bad_epochs) = (current, 0);
                        else _bad_epochs++;
                        if (_cooling > 0)
                        {
                            _cooling--;
                            _bad_epochs = 0;
                        }

                        if (_bad_epochs <= _patience) return;
                        Set([.. CurrentRates.Zip(_min_lrs, Reduced)]);
                        _cooling = _cooldown;
                        _bad_epochs = 0;
                    }

                    private double Reduced(double rate, double least)
                    {
                        var reduced = Math.Max(rate * _factor, least);
                        return rate - reduced > _eps ? reduced : rate;
                    }

                    private bool Improves(double current)
                    {
                        if (_smaller) return current < (_relative ? _best * (1 - _threshold) : _best - _threshold);
                        return current > (_relative ? _best * (1 + _threshold) : _best + _threshold);
                    }

                    private static InvalidOperationException Refusal() =>
                        new("This schedule follows a measure: call step(current) with its value.");
                }
            }
        }
    }
}
