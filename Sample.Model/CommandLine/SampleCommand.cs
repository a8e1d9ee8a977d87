using System.CommandLine;
using GShard;
using Sample.Model.Checkpoint;
using Sample.Model.Data;
using Sample.Model.Training;

namespace Sample.Model.CommandLine;

/// <summary>The command line: trains, or translates a phrase with a trained model.</summary>
internal sealed class SampleCommand
{
    private readonly Option<int> ranks = Integer("--ranks", "Ranks: threads that each hold a part of the sentences and of the experts. As many as there are processes where a launcher has started several.", new TrainingOptions().Ranks);
    private readonly Option<string> backend = new("--backend") { Description = "What the ranks are: threads, or gloo: processes started by gshard launch, torchrun, srun or mpirun. Gloo where a launcher has started several.", HelpName = "name" };
    private readonly Option<int> experts = Integer("--experts", "Experts of a mixture-of-experts layer, a multiple of the ranks.", new ModelOptions().Experts);
    private readonly Option<int> layers = Integer("--layers", "Layers of the encoder, and as many of the decoder; every other one has experts.", new ModelOptions().Layers);
    private readonly Option<int> width = Integer("--width", "Width of the model.", new ModelOptions().Width);
    private readonly Option<int> hidden = Integer("--hidden", "Hidden width of a feed-forward layer and of each expert.", new ModelOptions().Hidden);
    private readonly Option<int> heads = Integer("--heads", "Attention heads.", new ModelOptions().Heads);
    private readonly Option<bool> dense = new("--dense") { Description = "No experts: every feed-forward layer is dense." };
    private readonly Option<double> dropout = Number("--dropout", "Probability of dropout.", new ModelOptions().Dropout);
    private readonly Option<double> smoothing = Number("--label-smoothing", "Probability that the loss spreads over all characters.", new ModelOptions().LabelSmoothing);
    private readonly Option<int> batch = Integer("--batch", "Sentences of a step, over all ranks.", new TrainingOptions().Batch);
    private readonly Option<int?> steps = new("--steps") { Description = "Train this many steps instead of a time; 0 only evaluates.", HelpName = "n" };
    private readonly Option<double> minutes = Number("--minutes", "Train about this long.", new TrainingOptions().Time.TotalMinutes);
    private readonly Option<long> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "n", DefaultValueFactory = _ => new TrainingOptions().Seed };
    private readonly Option<string> optimizer = new("--optimizer") { Description = "adam, or adafactor as in the paper.", HelpName = "name", DefaultValueFactory = _ => "adam" };
    private readonly Option<double> learningRate = Number("--learning-rate", "Adam's highest learning rate.", new TrainingOptions().LearningRate);
    private readonly Option<bool> quick = new("--quick") { Description = $"About a minute, on {QuickRun.Languages.Count} languages." };
    private readonly Option<string?> languages = new("--languages") { Description = "Only these languages, separated by commas: de,fr,pt_BR.", HelpName = "names" };
    private readonly Option<string?> catalogs = new("--catalogs") { Description = "Folder of locales to read the translations from.", HelpName = "folder" };
    private readonly Option<string?> save = new("--save") { Description = "File to save the trained model to (safetensors).", HelpName = "file" };
    private readonly Option<string?> load = new("--load") { Description = "Saved model to begin with.", HelpName = "file", Recursive = true };

    private readonly Option<string?> checkpointFolder = new("--checkpoint-dir") { Description = "Folder to save the training's whole state to.", HelpName = "folder" };
    private readonly Option<int> saveEvery = Integer("--save-every", "Steps from one save to --checkpoint-dir to the next; 0 saves at the end alone.", new TrainingOptions().SaveEvery);
    private readonly Option<bool> resume = new("--resume") { Description = "Go on from the last save in --checkpoint-dir, if there is one." };
    private readonly Option<bool> skipDamaged = new("--skip-damaged") { Description = "With --resume: pass over saves that are damaged, and go on from the newest that is whole." };

    private readonly Option<string> language = new("--language") { Description = "Language of the phrase: de, fr, pt_BR.", HelpName = "name", Required = true };
    private readonly Argument<string> phrase = new("phrase") { Description = "What to translate to English." };

    /// <summary>Runs the command; the result is the exit code.</summary>
    public int Run(string[] arguments)
    {
        var translate = new Command("translate", "Translates one phrase with a saved model (--load).") { language, phrase };
        var root = new RootCommand("Trains the GShard paper's Transformer, its experts sharded over ranks, to translate names of countries, languages, currencies and scripts to English.")
        {
            ranks, backend, experts, layers, width, hidden, heads, dense, dropout, smoothing, batch, steps, minutes, seed, optimizer,
            learningRate, quick, languages, catalogs, save, load, checkpointFolder, saveEvery, resume, skipDamaged, translate,
        };
        root.SetAction(parsed => new TrainingRun(Options(parsed)).Run());
        translate.SetAction(parsed => TranslatePhrase(parsed));

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
            throw new InputException(parsed.Errors[0].Message);
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private RunOptions Options(ParseResult parsed)
    {
        var loaded = parsed.GetValue(load) is { } path ? ModelFile.Open(path) : null;
        var start = loaded?.Options ?? new ModelOptions();
        // What is not said on the command line is as it was saved.
        T Chosen<T>(Option<T> option, T saved) => parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : saved;

        var (rank, processes) = Said(DeviceMesh.Launched);
        var isLaunched = parsed.GetValue(backend) switch
        {
            null => processes > 1,
            "gloo" => true,
            "threads" when processes == 1 => false,
            "threads" => throw new InputException($"--backend threads would train {processes} times: a launcher has started {processes} processes. Take --backend gloo, or start one."),
            var other => throw new InputException($"--backend {other} is not known: threads and gloo are."),
        };
        if (isLaunched)
            Said(MeshOptions.FromEnvironment);
        if (isLaunched && parsed.GetResult(ranks) is { Implicit: false } && parsed.GetValue(ranks) != processes)
            throw new InputException($"--ranks {parsed.GetValue(ranks)} does not fit the {processes} processes that were started; leave it out.");
        var isQuick = parsed.GetValue(quick);
        var defaults = isQuick ? QuickRun.Training : new TrainingOptions();
        return new RunOptions
        {
            Model = start with
            {
                Experts = Chosen(experts, start.Experts),
                Layers = Chosen(layers, start.Layers),
                Width = Chosen(width, start.Width),
                Hidden = Chosen(hidden, start.Hidden),
                Heads = Chosen(heads, start.Heads),
                Dense = Chosen(dense, start.Dense),
                Dropout = Chosen(dropout, start.Dropout),
                LabelSmoothing = Chosen(smoothing, start.LabelSmoothing),
                MaxLength = Catalogs.LongestPhrase + 2,
            },
            Training = defaults with
            {
                Ranks = isLaunched ? processes : Chosen(ranks, defaults.Ranks),
                Processes = isLaunched,
                Batch = Chosen(batch, defaults.Batch),
                Steps = Chosen(steps, defaults.Steps),
                Time = TimeSpan.FromMinutes(Chosen(minutes, defaults.Time.TotalMinutes)),
                Seed = parsed.GetValue(seed),
                Optimizer = Kind(parsed.GetValue(optimizer)!),
                LearningRate = Chosen(learningRate, defaults.LearningRate),
                CheckpointFolder = parsed.GetValue(checkpointFolder),
                SaveEvery = parsed.GetValue(saveEvery),
                Resume = parsed.GetValue(resume),
                SkipDamaged = parsed.GetValue(skipDamaged),
            },
            Languages = parsed.GetValue(languages)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                ?? (isQuick ? QuickRun.Languages : null),
            Catalogs = parsed.GetValue(catalogs),
            Save = parsed.GetValue(save),
            Loaded = loaded,
            IsFirst = rank == 0,
        }.Validate();
    }

    private int TranslatePhrase(ParseResult parsed)
    {
        var path = parsed.GetValue(load) ?? throw new InputException("translate needs a trained model: name it with --load FILE (--save FILE writes one).");
        PhraseTranslation.Print(ModelFile.Open(path), parsed.GetValue(language)!, parsed.GetValue(phrase)!);
        return 0;
    }

    // What the environment says is input too.
    private static T Said<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (LaunchException e)
        {
            throw new InputException(e.Message, e);
        }
    }

    private static OptimizerKind Kind(string name) => name switch
    {
        "adam" => OptimizerKind.Adam,
        "adafactor" => OptimizerKind.Adafactor,
        _ => throw new InputException($"--optimizer {name} is not known: adam and adafactor are."),
    };

    private static Option<int> Integer(string name, string description, int otherwise) =>
        new(name) { Description = description, HelpName = "n", DefaultValueFactory = _ => otherwise };

    private static Option<double> Number(string name, string description, double otherwise) =>
        new(name) { Description = description, HelpName = "x", DefaultValueFactory = _ => otherwise };
}
