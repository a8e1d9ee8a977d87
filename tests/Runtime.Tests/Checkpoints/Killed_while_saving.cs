using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>A process that is killed while it saves never loses what it has saved: 200 times, at random moments, with SIGKILL.</summary>
public class Killed_while_saving
{
    /// <summary>Trainings at a time, each with a directory of its own that one process after the other trains on from.</summary>
    private const int Trainings = 4;
    private const int Kills = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task The_last_acknowledged_checkpoint_loads()
    {
        using var folder = new TemporaryFolder();
        var (kills, interrupted, steps) = (0, 0, 0L);
        var all = Enumerable.Range(0, Trainings).Select(training => Task.Factory.StartNew(() => Series(folder[$"{training}"], training), TaskCreationOptions.LongRunning)).ToArray();
        foreach (var task in all)
        {
            var series = await task;
            (kills, interrupted, steps) = (kills + series.Kills, interrupted + series.Interrupted, steps + series.Steps);
        }
        Assert.Equal(Kills, kills);
        // Most kills found a save under way; the trainings went on from where they were, on a busy machine by less than a step a process.
        Assert.True(interrupted > Kills / 2, $"only {interrupted} of {Kills} saves were interrupted");
        Assert.True(steps >= Kills / 4, $"the trainings came to {steps} steps in all");
    }

    /// <summary>Kills one process after the other, each while it saves what the one before has come to.</summary>
    private static (int Kills, int Interrupted, long Steps) Series(string root, int training)
    {
        var random = new System.Random(training);
        var (kills, interrupted, acknowledged, step) = (0, 0, 0L, 0L);
        var next = new Saver();
        while (kills < Kills / Trainings)
        {
            using var saver = next;
            // A process loads while the one before it saves and is looked at.
            var wanted = ++kills < Kills / Trainings;
            saver.Begin(root, (training + kills) % 2 == 0);
            next = wanted ? new Saver() : null!;
            try
            {
                acknowledged = Math.Max(acknowledged, saver.KillAfterFirst(TimeSpan.FromMilliseconds(random.NextDouble() * 100)));
                if (Directory.GetDirectories(root, "*.tmp").Length > 0) interrupted++;
                step = Check(root, acknowledged);
            }
            catch
            {
                next?.Dispose();
                throw;
            }
        }
        return (kills, interrupted, step);
    }

    /// <summary>Loads what <c>latest</c> names, and holds it against the step's known contents.</summary>
    private static long Check(string root, long acknowledged)
    {
        using var model = new Stamped(-1);
        using var checkpoints = new CheckpointDirectory(root);
        var state = new TrainingState(model, model.Optimizer);
        var step = checkpoints.LoadLatest(state);
        Assert.True(step >= acknowledged, $"step {acknowledged} was acknowledged, but the latest is {step}");
        Assert.Equal(step, state.Values["step"]!.GetValue<long>());
        model.Expect(step!.Value);
        Assert.True(checkpoints.LoadNewestGood(state) >= step);
        return step.Value;
    }

    /// <summary>A process that has loaded everything and waits to be told where to train.</summary>
    private sealed class Saver : IDisposable
    {
        private readonly System.Diagnostics.Process process = ChildPrograms.Start(nameof(Stamped));
        private readonly ManualResetEventSlim saves = new();

        public void Begin(string root, bool waits)
        {
            process.StandardInput.WriteLine(root);
            process.StandardInput.WriteLine(waits);
            process.StandardInput.Flush();
        }

        /// <summary>Kills it some time after it has saved once; gives the last step that it acknowledged.</summary>
        public long KillAfterFirst(TimeSpan time)
        {
            var last = 0L;
            var reader = Task.Factory.StartNew(() => Read(ref last), TaskCreationOptions.LongRunning);
            var isSaving = saves.Wait(StartLimit);
            if (isSaving) Thread.Sleep(time);
            process.Kill();
            process.WaitForExit();
            reader.Wait();
            Assert.True(isSaving, $"The child did not save: {process.StandardError.ReadToEnd()}");
            Assert.Equal(137, process.ExitCode);
            return last;
        }

        public void Dispose()
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
            saves.Dispose();
        }

        private void Read(ref long last)
        {
            while (process.StandardOutput.ReadLine() is { } line)
            {
                // A line that the kill cut short acknowledges nothing.
                if (!line.EndsWith('.')) continue;
                last = long.Parse(line[..^1]);
                saves.Set();
            }
        }
    }

    /// <summary>A model whose every element is the step, and the child that trains it.</summary>
    internal sealed class Stamped : nn.Module
    {
        private readonly TorchSharp.Modules.Parameter[] all;

        public Stamped(long step, DeviceMesh? mesh = null)
            : base(nameof(Stamped))
        {
            all = [.. ((string[])["a", "b", "c"]).Select((name, i) =>
            {
                using var whole = new TorchSharp.Modules.Parameter(full([20, 10], step, ScalarType.Float64));
                var parameter = mesh is null ? new TorchSharp.Modules.Parameter(whole.detach().clone()) : Shards.Parameter(whole, name, mesh, i == 0 ? [] : [Placement.Split(i - 1, "a")]);
                register_parameter(name, parameter);
                return parameter;
            })];
            Optimizer = optim.SGD(all, 1, momentum: 0.5);
        }

        public optim.Optimizer Optimizer { get; }

        /// <summary>One more: weights w + 1 and momentum −1 at every step.</summary>
        public void Step(long step)
        {
            foreach (var p in all) p.grad = full_like(p, step == 1 ? -1 : -0.5);
            Optimizer.step();
        }

        public void Expect(long step)
        {
            foreach (var p in all) Assert.All(Samples.Doubles(p), value => Assert.Equal(step, value));
        }

        /// <summary>The child: loads, waits for a directory, trains until it is killed, and says when a step is saved.</summary>
        public static void Run()
        {
            using (var warm = new Stamped(0)) warm.Step(1);
            if (Console.In.ReadLine() is { } root) Train(root, bool.Parse(Console.In.ReadLine()!));
        }

        private static void Train(string root, bool waits) => DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var model = new Stamped(0, mesh);
            using var checkpoints = new CheckpointDirectory(root, mesh, new CheckpointOptions { Keep = 2 });
            var state = new TrainingState(model, model.Optimizer);
            for (var step = (checkpoints.LoadLatest(state) ?? 0) + 1; ; step++)
            {
                model.Step(step);
                state.Values["step"] = step;
                if (waits) checkpoints.Save(step, state);
                else checkpoints.BeginSave(step, state);
                var saved = waits ? step : step - 1;
                if (mesh.Rank != 0 || saved == 0) continue;
                Console.Out.Write($"{saved}.\n");
                Console.Out.Flush();
            }
        });
    }
}
