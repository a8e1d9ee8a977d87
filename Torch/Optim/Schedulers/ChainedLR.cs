namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler ChainedLR(IEnumerable<LRScheduler> schedulers) => new impl.ChainedLR(schedulers);

            public static partial class impl
            {
                /// <summary>Several schedules over one optimizer, each scaling what the ones before it set.</summary>
                public class ChainedLR : LRScheduler
                {
                    private readonly List<LRScheduler> _schedulers;

                    public ChainedLR(IEnumerable<LRScheduler> schedulers)
                    {
                        _schedulers = [.. schedulers];
                        if (_schedulers.Count == 0) throw new ArgumentException("A chain needs at least one schedule.", nameof(schedulers));
                        _last_lrs = [.. _schedulers[^1].get_last_lr()];
                    }

                    public override void step()
                    {
                        foreach (var scheduler in _schedulers) scheduler.step();
                        _last_lrs = [.. _schedulers[^1].get_last_lr()];
                    }
                }
            }
        }
    }
}
