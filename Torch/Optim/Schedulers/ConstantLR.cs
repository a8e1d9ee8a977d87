namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new impl.ConstantLR(optimizer, factor, total_iters, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>The rate is multiplied by <c>factor</c> for the first <c>total_iters</c> epochs.</summary>
                public class ConstantLR : LRScheduler
                {
                    private readonly double _factor;
                    private readonly int _total_iters;

                    public ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int total_iters = 5, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _factor = factor;
                        _total_iters = total_iters;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => _last_epoch == 0 ? Scaled(_factor) : _last_epoch == _total_iters ? Scaled(1 / _factor) : CurrentRates;

                    protected override IEnumerable<double> get_closed_form_lr() => FromBase(_last_epoch >= _total_iters ? 1 : _factor);
                }
            }
        }
    }
}
