using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>A process that is killed while it saves never loses what it has saved: 200 times, at random moments, with SIGKILL.</summary>
public class Killed_while_saving
{
    /// <summary>Trainings of one process, each with its own directory: one kill stops each of them at a moment of its own.</summary>
    private const int Trainings = 10;
    private const int Kills = 200 / Trainings;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_last_acknowledged_checkpoint_loads()
    {
        using var folder = new TemporaryFolder();
        var random = new System.Random(7);
        var (interrupted, steps) = (0, 0L);
        var acknowledged = new long[Trainings];
        for (var kill = 0; kill < Kills; kill++)
        {
            var told = RunAndKill(folder["t"], TimeSpan.FromMilliseconds(random.NextDouble() * 150));
            for (var training = 0; training < Trainings; training++)
            {
                acknowledged[training] = Math.Max(acknowledged[training], told[training]);
                var root = Path.Combine(folder["t"], $"{training}");
                if (Directory.GetDirectories(root, "*.tmp").Length > 0) interrupted++;
                steps += Check(root, acknowledged[training]);
            }
        }
        // Of the kills, most found a save under way; the trainings went on from where they were.
        Assert.True(interrupted > 100, $"only {interrupted} of 200 saves were interrupted");
        Assert.True(steps > 200 * Kills / 2, $"the trainings came to {steps} steps in all");
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

    /// <summary>What the child said of each training before it was killed.</summary>
    private static long[] RunAndKill(string root, TimeSpan after)
    {
        using var process = ChildPrograms.Start(nameof(Stamped), root, $"{Trainings}");
        var told = new long[Trainings];
        var ready = new CountdownEvent(Trainings);
        var reader = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line)
            {
                // A line that the kill cut short acknowledges nothing.
                if (!line.EndsWith('.')) continue;
                var (training, step) = line[..^1].Split(' ') is [var a, var b] ? (int.Parse(a), long.Parse(b)) : throw new FormatException(line);
                if (told[training] == 0) ready.Signal();
                told[training] = step;
            }
        });
        var isReady = ready.Wait(StartLimit);
        if (isReady) Thread.Sleep(after);
        process.Kill();
        process.WaitForExit();
        reader.Wait();
        Assert.True(isReady, $"The child did not save: {process.StandardError.ReadToEnd()}");
        return told;
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

        /// <summary>The child: trains until it is killed, and says when a step is saved.</summary>
        public static void Run(string[] arguments)
        {
            var threads = Enumerable.Range(0, int.Parse(arguments[1])).Select(training => new Thread(() => Train(Path.Combine(arguments[0], $"{training}"), training))).ToArray();
            foreach (var thread in threads) thread.Start();
            foreach (var thread in threads) thread.Join();
        }

        private static void Train(string root, int training) => DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var model = new Stamped(0, mesh);
            using var checkpoints = new CheckpointDirectory(root, mesh, new CheckpointOptions { Keep = 2 });
            var state = new TrainingState(model, model.Optimizer);
            for (var step = (checkpoints.LoadLatest(state) ?? 0) + 1; ; step++)
            {
                model.Step(step);
                state.Values["step"] = step;
                if (training % 2 == 0)
                {
                    checkpoints.Save(step, state);
                    Acknowledge(step);
                }
                else
                {
                    checkpoints.BeginSave(step, state);
                    Acknowledge(step - 1);
                }
            }

            void Acknowledge(long step)
            {
                if (mesh.Rank != 0 || step == 0) return;
                lock (typeof(Stamped))
                {
                    Console.Out.Write($"{training} {step}.\n");
                    Console.Out.Flush();
                }
            }
        });
    }
}
