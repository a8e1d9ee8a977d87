using GShard;
using Sample.Model;
using Sample.Model.Data;
using Sample.Model.Training;
using TorchSharp;

namespace Sample.Tests.Training;

/// <summary>A training that was interrupted and resumed has the losses and the weights of one that was not, bit for bit.</summary>
public sealed class ResumedTrainingTests : IDisposable
{
    // Few enough that every step but the first is reported by itself.
    private const int Steps = 16;

    private static readonly Corpus Corpus = new(from language in (string[])["de", "fr"] from i in Enumerable.Range(0, 60) select new Phrase(language, $"{language} {i}", $"name {i}"));

    private readonly string folder = Directory.CreateTempSubdirectory("gshard-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static readonly ModelOptions Sizes = new() { Width = 16, Hidden = 24, Heads = 2, Experts = 4, Dropout = 0.1, MaxLength = 12 };

    private sealed record Run(List<(int Step, double Loss, string Load, double Dropped)> Reports, byte[][] Weights, TrainingResult Result);

    private static Run Train(TrainingOptions options, int stopAfter = int.MaxValue)
    {
        var vocabulary = Vocabulary.Of(Corpus);
        torch.manual_seed(3);
        using var model = new Transformer(Sizes with { SourceVocabulary = vocabulary.SourceSize, TargetVocabulary = vocabulary.TargetSize });
        using var stop = new CancellationTokenSource();
        var reports = new List<(int, double, string, double)>();
        var result = new Trainer(options, Corpus, vocabulary).Run(
            model,
            report =>
            {
                reports.Add((report.Step, report.CrossEntropy, string.Join(' ', report.Load), report.Dropped));
                if (report.Step >= stopAfter)
                    stop.Cancel();
            },
            stop.Token);
        return new Run(reports, [.. model.parameters().Select(p => p.bytes.ToArray())], result);
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, 2)]
    [InlineData(OptimizerKind.Adafactor, 2)]
    [InlineData(OptimizerKind.Adam, 1)]
    public void It_equals_one_that_was_not(OptimizerKind optimizer, int ranks)
    {
        var options = new TrainingOptions { Steps = Steps, Ranks = ranks, Batch = 16, Optimizer = optimizer, WarmupSteps = 5 };
        var expected = Train(options);

        var saving = options with { CheckpointFolder = Path.Combine(folder, "run"), SaveEvery = 3 };
        var first = Train(saving, stopAfter: 7);
        var second = Train(saving with { Resume = true }, stopAfter: 12);
        var third = Train(saving with { Resume = true });

        Assert.True(first.Result.Stopped && second.Result.Stopped);
        Assert.Equal(7, first.Reports[^1].Step);
        Assert.Equal(12, second.Reports[^1].Step);
        Assert.Equal(Steps, third.Result.Steps);
        Assert.Equal(expected.Reports, [.. first.Reports, .. second.Reports, .. third.Reports]);
        Assert.Equal(expected.Weights, third.Weights);
        Assert.Equal(expected.Result.Translations, third.Result.Translations);
    }

    [Fact]
    public void What_was_lost_after_the_last_save_is_trained_again()
    {
        var options = new TrainingOptions { Steps = Steps, Batch = 16, WarmupSteps = 5 };
        var expected = Train(options);
        var saving = options with { CheckpointFolder = Path.Combine(folder, "run"), SaveEvery = 5 };
        Train(saving);
        // As if it had ended hard after step 10.
        Directory.Delete(Path.Combine(folder, "run", "step-00000016"), recursive: true);
        Directory.Delete(Path.Combine(folder, "run", "step-00000015"), recursive: true);
        File.WriteAllText(Path.Combine(folder, "run", "latest"), "step-00000010\n");

        var resumed = Train(saving with { Resume = true });

        Assert.Equal(expected.Reports.Where(report => report.Step > 10), resumed.Reports);
        Assert.Equal(expected.Weights, resumed.Weights);
    }

    [Fact]
    public void Another_training_is_refused()
    {
        var options = new TrainingOptions { Steps = 2, Batch = 16, CheckpointFolder = Path.Combine(folder, "run") };
        Train(options);

        Assert.Contains("already: go on with --resume", Refusal(options));
        Assert.Contains("has the state of another training", Refusal(options with { Resume = true, Batch = 8 }));
    }

    private static string Refusal(TrainingOptions options) =>
        Assert.IsType<InputException>(Assert.Throws<RankFailedException>(() => Train(options)).InnerException).Message;
}
