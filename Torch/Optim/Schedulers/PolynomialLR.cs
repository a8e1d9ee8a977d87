namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler PolynomialLR(Optimizer optimizer, int total_iters = 5, double power = 1, int last_epoch = -1, bool verbose = false) =>
                new impl.PolynomialLR(optimizer, total_iters, power, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>The rate falls to 0 as (1 − epoch / total_iters)^power.</summary>
                public class PolynomialLR : LRScheduler
                {
                    private readonly int _total_iters;
                    private readonly double _power;

                    public PolynomialLR(Optimizer optimizer, int total_iters = 5, double power = 1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _total_iters = total_iters;
                        _power = power;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => _last_epoch == 0 || _last_epoch > _total_iters ? CurrentRates : Scaled(Factor(_last_epoch) / Factor(_last_epoch - 1));

                    protected override IEnumerable<double> get_closed_form_lr() => FromBase(Factor(_last_epoch));

                    private double Factor(int epoch) => Math.Pow(1 - (double)Math.Min(_total_iters, epoch) / _total_iters, _power);
                }
            }
        }
    }
}
