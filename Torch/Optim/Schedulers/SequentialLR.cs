namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static LRScheduler SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1) =>
                new impl.SequentialLR(optimizer, schedulers, milestones, last_epoch);

            public static partial class impl
            {
                /// <summary>Several schedules over one optimizer, each from a milestone on as from its own first epoch.</summary>
                public class SequentialLR : LRScheduler
                {
                    private readonly List<LRScheduler> _schedulers;
                    private readonly List<int> _milestones;

                    public SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1)
                        : base(optimizer, last_epoch)
                    {
                        _schedulers = [.. schedulers];
                        _milestones = [.. milestones];
                        if (_schedulers.Any(scheduler => scheduler._optimizer != optimizer))
                            throw new ArgumentException("A sequence is made of schedules of its own optimizer, but one has another.", nameof(schedulers));
                        if (_milestones.Count != _schedulers.Count - 1)
                            throw new ArgumentException($"Between {_schedulers.Count} schedules there are {_schedulers.Count - 1} milestones, but {_milestones.Count} were given.", nameof(milestones));
                        // Each schedule took its first step when it was made.
                        foreach (var group in optimizer.ParamGroups) group.LearningRate = group.InitialLearningRate;
                        foreach (var scheduler in _schedulers) scheduler._last_epoch--;
                        step();
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        var index = _milestones.Count(milestone => milestone <= _last_epoch);
                        var scheduler = _schedulers[index];
                        if (index > 0 && _milestones[index - 1] == _last_epoch) scheduler.step(0);
                        else scheduler.step();
                        return scheduler.get_last_lr();
                    }
                }
            }
        }
    }
}
