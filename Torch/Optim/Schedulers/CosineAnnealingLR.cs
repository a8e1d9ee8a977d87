namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new impl.CosineAnnealingLR(optimizer, T_max, eta_min, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>SGDR without restarts (Loshchilov &amp; Hutter 2017, equation 5): half a cosine from the initial rate to <c>eta_min</c> over <c>T_max</c> epochs.</summary>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double _T_max;
                    private readonly double _eta_min;

                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        _T_max = T_max;
                        _eta_min = eta_min;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => _last_epoch == 0 ? CurrentRates : CurrentRates.Zip(_base_lrs, Next).ToList();

                    protected override IEnumerable<double> get_closed_form_lr() => _base_lrs.Select(rate => _eta_min + (rate - _eta_min) * (1 + Cosine(_last_epoch)) / 2);

                    private double Cosine(double epoch) => Math.Cos(Math.PI * epoch / _T_max);

                    // A whole half-period on, the ratio of two cosines is 0 / 0: the rate leaves the minimum by its closed form.
                    private double Next(double current, double initial) =>
                        (_last_epoch - 1 - _T_max) % (2 * _T_max) == 0
                            ? current + (initial - _eta_min) * (1 - Math.Cos(Math.PI / _T_max)) / 2
                            : (1 + Cosine(_last_epoch)) / (1 + Cosine(_last_epoch - 1)) * (current - _eta_min) + _eta_min;
                }
            }
        }
    }
}
