using Sample.Model.Training;

namespace Sample.Model.CommandLine;

/// <summary>The defaults of <c>--quick</c>: about a minute on a few languages, large and small.</summary>
internal static class QuickRun
{
    public static readonly IReadOnlyList<string> Languages =
        ["de", "fr", "es", "it", "nl", "sv", "da", "pt_BR", "ca", "gl", "ast", "fur", "br", "cy", "af", "oc"];

    // Few phrases to learn from: smaller batches make more steps of them.
    public static readonly TrainingOptions Training = new() { Time = TimeSpan.FromSeconds(50), Batch = 32, WarmupSteps = 100 };
}
