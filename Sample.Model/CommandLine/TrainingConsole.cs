using System.Diagnostics;
using GShard;
using Sample.Model.Data;
using Sample.Model.Training;
using Sample.Model.Translation;
using Spectre.Console;

namespace Sample.Model.CommandLine;

/// <summary>What the main job prints: readable on a terminal and in a file.</summary>
internal sealed class TrainingConsole(Corpus corpus, TrainingOptions training, bool isFirst)
{
    private const int SamplesShown = 12;

    // A file has no width: lines must not be broken at a guess of 80 columns.
    private const int WidthOfFiles = 200;

    private readonly IAnsiConsole console = Open(isFirst);
    private readonly Stopwatch total = Stopwatch.StartNew();
    private TrainingProgress? progress;

    /// <summary>Says what is about to be trained on what.</summary>
    public void Begin(Transformer model)
    {
        var options = model.Options;
        var parameters = model.parameters().Sum(p => p.numel());
        var copied = Score.ByGroup(corpus, corpus.HeldOut, [.. corpus.HeldOut.Select(_ => "")]).Values.Aggregate(new Score(), (a, b) => a + b).CopyAccuracy;
        Line($"{Count(corpus.Training.Count + corpus.HeldOut.Count, "phrase")} in {Count(corpus.Languages.Count, "language")}; {corpus.HeldOut.Count:N0} are held out, of which copying gets {copied:P1} right.");
        Line(options.Dense
            ? $"Transformer: {options.Layers}+{options.Layers} dense layers, {parameters:N0} parameters, on {Count(training.Ranks, "rank")}."
            : $"Transformer: {options.Layers}+{options.Layers} layers, {options.Experts} experts in every other, {parameters:N0} parameters, on {Count(training.Ranks, "rank")}: {Count(options.Experts / training.Ranks, "expert")} and {Share()} of a step each.");
        console.WriteLine();
    }

    /// <summary>A line of progress: the trainer says when.</summary>
    public void Report(StepReport r)
    {
        progress ??= new TrainingProgress(isFirst ? 0 : 1, training.Ranks, training.Steps, isTerminal: false, interval: TimeSpan.Zero) { ElapsedBefore = r.Elapsed };
        // In a model whose gates are even, each expert has the same share.
        var experts = r.Load.Length == 0 ? null : $"experts took {r.Load.Min() * r.Load.Length:0.00}–{r.Load.Max() * r.Load.Length:0.00} of even, {100 * r.Dropped:0.0} % dropped";
        progress.Record(r.Step, new StepMetrics { Loss = r.CrossEntropy, Tokens = r.Tokens, Duration = r.Time, Progress = r.Progress }, experts);
    }

    /// <summary>Says where the model was saved.</summary>
    public void Saved(string path) => Line($"Saved to {path}.");

    /// <summary>Says that the training was ended early.</summary>
    public void Stopped(TrainingResult result) => Line($"Stopped after {result.Steps} steps.");

    /// <summary>Shows how well the held-out phrases were translated, and some of them.</summary>
    public void End(TrainingResult result)
    {
        var scores = Score.ByGroup(corpus, corpus.HeldOut, result.Translations);
        console.WriteLine();
        var table = new Table().Title("Held-out phrases, exactly right").Border(TableBorder.Simple);
        table.AddColumn("languages with");
        foreach (var column in (string[])["languages", "phrases", "model", "copying"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var (group, score) in scores)
            table.AddRow(Name(group), LanguagesOf(group).ToString(), Number(score.Phrases), Percent(score.Accuracy), Percent(score.CopyAccuracy));
        var all = scores.Values.Aggregate(new Score(), (a, b) => a + b);
        table.AddRow("all", corpus.Languages.Count.ToString(), Number(all.Phrases), Percent(all.Accuracy), Percent(all.CopyAccuracy));
        console.Write(table);

        var samples = new Table().Title("Some of them").Border(TableBorder.Simple);
        foreach (var column in (string[])["language", "phrase", "translation", "English"])
            samples.AddColumn(column);
        var step = Math.Max(1, corpus.HeldOut.Count / SamplesShown);
        for (var i = step / 2; i < corpus.HeldOut.Count; i += step)
        {
            var phrase = corpus.HeldOut[i];
            var right = result.Translations[i] == phrase.English;
            samples.AddRow(
                new Text(phrase.Language), new Text(phrase.Text),
                new Text(result.Translations[i], new Style(right ? Color.Green : Color.Red)), new Text(right ? "" : phrase.English));
        }
        console.Write(samples);
        Line($"{result.Steps} steps in {result.TrainingTime:m\\:ss}, {total.Elapsed:m\\:ss} in all.");
    }

    // Of several processes one prints.
    private static IAnsiConsole Open(bool isFirst)
    {
        if (!isFirst)
            return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        if (!Console.IsOutputRedirected)
            return AnsiConsole.Console;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = WidthOfFiles;
        return console;
    }

    private string Share() => training.Batch % training.Ranks == 0 ? Count(training.Batch / training.Ranks, "sentence") : $"about {Count(training.Batch / training.Ranks, "sentence")}";

    private static string Count(int n, string what) => $"{n:N0} {what}{(n == 1 ? "" : "s")}";

    private int LanguagesOf(LanguageGroup group) => corpus.Languages.Count(l => corpus.GroupOf(l) == group);

    private static string Name(LanguageGroup group) => group switch
    {
        LanguageGroup.Many => $"many examples ({Corpus.Many} or more)",
        LanguageGroup.Some => $"some ({Corpus.Some} or more)",
        _ => "few",
    };

    private void Line(string text) => console.WriteLine(text);

    private static string Number(int n) => n.ToString("N0");

    private static string Percent(double share) => $"{100 * share:0.0} %";
}
