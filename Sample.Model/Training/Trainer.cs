using System.Text.Json;
using System.Text.Json.Nodes;
using GShard;
using Sample.Model.Data;
using Sample.Model.Translation;
using TorchSharp;
using static TorchSharp.torch;

namespace Sample.Model.Training;

/// <summary>Trains a model on ranks that are threads or processes, then translates the held-out phrases on all of them.</summary>
public sealed class Trainer
{
    /// <summary>Reports come about this often.</summary>
    private const double ReportShare = 0.05;

    /// <summary>The mesh axis of sentences and experts.</summary>
    public const string Axis = "expert";

    private readonly TrainingOptions options;
    private readonly Corpus corpus;
    private readonly Vocabulary vocabulary;
    private readonly BatchSchedule schedule;

    /// <exception cref="InputException">There are too few phrases for a batch.</exception>
    public Trainer(TrainingOptions options, Corpus corpus, Vocabulary vocabulary)
    {
        this.options = options;
        this.corpus = corpus;
        this.vocabulary = vocabulary;
        schedule = new BatchSchedule(corpus.Training.Select(p => EncodedPhrase.Of(p, vocabulary)), options.Batch, options.Seed);
    }

    /// <summary>Trains <paramref name="model"/>, which has the new weights afterwards.</summary>
    /// <param name="model">The whole model.</param>
    /// <param name="report">Called on one rank's thread now and then.</param>
    /// <param name="stop">Ends the training after the step under way, on all ranks together.</param>
    public TrainingResult Run(Transformer model, Action<StepReport> report, CancellationToken stop)
    {
        CounterRandom.Seed(options.Seed);
        model.train();
        if (!options.Processes)
            return DeviceMesh.RunInProcess([(Axis, options.Ranks)], mesh => RunRank(mesh, model, mesh.Rank == 0 ? report : _ => { }, stop))[0];
        TrainingResult? result = null;
        DeviceMesh.RunFromEnvironment([(Axis, options.Ranks)], mesh => result = RunRank(mesh, model, mesh.Rank == 0 ? report : _ => { }, stop));
        return result!;
    }

    private TrainingResult RunRank(DeviceMesh mesh, Transformer model, Action<StepReport> report, CancellationToken stop)
    {
        using var replica = new Replica(model, mesh);
        using var update = new ParameterUpdate(options, replica.Parameters);
        using var progress = new SavedProgress(options, mesh, Description(model.Options), replica.Model, update.Optimizer);
        var (steps, time, stopped) = Train(mesh, replica, update, progress, model.Options, report, stop);
        // Threads have one model, processes one each.
        var writes = options.Processes || mesh.Rank == 0;
        replica.GatherInto(model, mesh, writes);
        mesh.Barrier();
        if (stopped)
            return new TrainingResult(steps, time, true, []);
        // One rank of each model changes the mode, and no rank translates before it has.
        if (writes)
            model.eval();
        mesh.Barrier();
        var mine = corpus.HeldOut.Where((_, i) => i % mesh.Size == mesh.Rank).Select(p => (p.Language, p.Text)).ToList();
        var translations = TextExchange.Gather(mesh.Axis(Axis), new Translator(model, vocabulary).Translate(mine));
        return new TrainingResult(steps, time, false, Interleave(translations));
    }

    private (int Steps, TimeSpan Time, bool Stopped) Train(
        DeviceMesh mesh, Replica replica, ParameterUpdate update, SavedProgress saved, ModelOptions model, Action<StepReport> report, CancellationToken stop)
    {
        var (step, before, reported) = saved.Resume();
        var meter = new StepMeter(model, before);
        foreach (var batch in schedule.Batches(step))
        {
            var (progress, stopped) = Agree(mesh, step, meter.Elapsed, stop);
            if (stopped || progress >= 1)
            {
                if (!meter.IsEmpty)
                    report(meter.Report(step, progress));
                saved.End(step, meter.Elapsed, reported);
                return (step, meter.Elapsed, stopped);
            }
            step++;
            CounterRandom.BeginStep(step);
            using var scope = NewDisposeScope();
            var (loss, auxLoss, load, dropped) = replica.Step(
                mesh.Scatter(tensor(batch.Source, [batch.Rows, batch.SourceLength]), 0, Axis),
                mesh.Scatter(tensor(batch.Target, [batch.Rows, batch.TargetLength]), 0, Axis),
                mesh.Scatter(tensor(batch.Expected, [batch.Rows, batch.TargetLength]), 0, Axis));
            meter.Add(batch, loss.ToDouble(), auxLoss.ToDouble(), load.data<long>().ToArray(), dropped.ToInt64());
            update.Apply(step, progress);
            if (progress >= reported + ReportShare)
            {
                reported = progress;
                report(meter.Report(step, progress));
            }
            saved.After(step, meter.Elapsed, reported);
        }
        throw new InvalidOperationException("The batches have no end.");
    }

    /// <summary>What a training goes on with only where it is the same; its length and its ranks may be others.</summary>
    private JsonObject Description(ModelOptions model) => new()
    {
        ["model"] = JsonSerializer.SerializeToNode(model),
        ["batch"] = options.Batch,
        ["seed"] = options.Seed,
        ["optimizer"] = options.Optimizer.ToString(),
        ["languages"] = string.Join(' ', corpus.Languages),
    };

    // The clock and the user's wish are read on rank 0 and told to the others: all ranks take the same steps.
    private (double Progress, bool Stopped) Agree(DeviceMesh mesh, int step, TimeSpan elapsed, CancellationToken stop)
    {
        var progress = options.Steps is { } steps ? (step >= steps ? 1 : (double)step / steps) : elapsed / options.Time;
        using var mine = tensor(new[] { progress, stop.IsCancellationRequested ? 1.0 : 0.0 });
        using var agreed = mesh.Axis(Axis).Broadcast(mine);
        var values = agreed.data<double>().ToArray();
        return (values[0], values[1] != 0);
    }

    private static List<string> Interleave(IReadOnlyList<IReadOnlyList<string>> parts) =>
        [.. Enumerable.Range(0, parts.Sum(p => p.Count)).Select(i => parts[i % parts.Count][i / parts.Count])];
}
