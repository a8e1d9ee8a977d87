using System.Globalization;
using System.Text.Json;
using GShard;
using GShard.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["measure", var kind, var ranks, var json])
{
    Console.WriteLine(JsonSerializer.Serialize(Stopwatches.Measure(Sizes.FromJson(json), kind == "plain", int.Parse(ranks))));
    return;
}

if (args is ["compile", ..])
{
    CompileTimes.Run(rounds: 5);
    return;
}

if (args is ["collective-rank", var order])
{
    CollectiveRank.Serve(Enum.Parse<AllReduceOrder>(order));
    return;
}

if (args is ["collectives", ..])
{
    if (args is not [_, "threads"]) CollectiveTimes.OfProcesses(rounds: 5, args is [_, var peer] ? peer : "/usr/bin/python3");
    CollectiveTimes.OfThreads(rounds: 5);
    return;
}

if (args is ["random-numbers"])
{
    RandomNumbers.Serve();
    return;
}

if (args is ["random", ..])
{
    RandomTimes.Run(rounds: 5, args is [_, var randomPeer] ? randomPeer : "/usr/bin/python3");
    return;
}

var rounds = args is [var n, ..] ? int.Parse(n) : 3;
var python = args is [_, var path] ? path : "/usr/bin/python3";
var sideBySide = new SideBySide(rounds, python);
var demo = new Sizes();
var wide = demo with { Width = 512, Hidden = 2048, Heads = 8, Steps = 10 };
sideBySide.Run("MoE layer, sizes of the demo", demo with { What = "moe" });
sideBySide.Run("Transformer, sizes of the demo", demo);
sideBySide.Run("MoE layer, width 512", wide with { What = "moe" });
sideBySide.Run("Transformer, width 512", wide);
