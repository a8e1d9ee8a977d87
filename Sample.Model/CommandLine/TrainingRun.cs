using Sample.Model.Checkpoint;
using Sample.Model.Data;
using Sample.Model.Training;
using static TorchSharp.torch;

namespace Sample.Model.CommandLine;

/// <summary>The main job: load the translations, train, show what was learned, save.</summary>
internal sealed class TrainingRun(RunOptions options)
{
    private const int StoppedByUser = 130;

    /// <summary>Runs the job; the result is the exit code.</summary>
    public int Run()
    {
        var (corpus, vocabulary) = LoadData();
        var console = new TrainingConsole(corpus, options.Training, options.IsFirst);
        manual_seed(options.Training.Seed);
        using var model = new Transformer(options.Model with { SourceVocabulary = vocabulary.SourceSize, TargetVocabulary = vocabulary.TargetSize });
        options.Loaded?.Load(model);
        var trainer = new Trainer(options.Training, corpus, vocabulary);
        console.Begin(model);

        using var stop = new StopSignal();
        var result = trainer.Run(model, console.Report, stop.Token);
        if (options.Save is { } path && options.IsFirst)
        {
            ModelFile.Save(path, model, vocabulary);
            console.Saved(path);
        }
        if (result.Stopped)
        {
            console.Stopped(result);
            return StoppedByUser;
        }
        console.End(result);
        return 0;
    }

    private (Corpus Corpus, Vocabulary Vocabulary) LoadData()
    {
        var phrases = Catalogs.Load(Catalogs.Locate(options.Catalogs));
        var wanted = options.Languages ?? options.Loaded?.Vocabulary.Languages;
        if (wanted is not null)
        {
            var there = phrases.Select(p => p.Language).ToHashSet();
            if (wanted.FirstOrDefault(l => !there.Contains(l)) is { } missing)
                throw new InputException($"The catalogs have no language '{missing}'; they have {string.Join(", ", there.Order(StringComparer.Ordinal))}.");
            phrases = [.. phrases.Where(p => wanted.Contains(p.Language))];
        }
        var corpus = new Corpus(phrases);
        if (options.Loaded is not { } loaded)
            return (corpus, Vocabulary.Of(corpus));
        if (corpus.Languages.FirstOrDefault(l => !loaded.Vocabulary.Languages.Contains(l)) is { } unknown)
            throw new InputException($"The loaded model does not know the language '{unknown}'; it knows {string.Join(", ", loaded.Vocabulary.Languages)}.");
        return (corpus, loaded.Vocabulary);
    }
}
