using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The states of torch's default CPU generator, which plain dropout and shuffling draw from, on all ranks: each that differs once, in base 64, and which
/// of them a rank has. Ranks that are threads of one process share one generator.
/// </summary>
internal static class DefaultGenerators
{
    private const string StatesKey = "states";
    private const string RanksKey = "state_of_rank";

    /// <summary>This rank's state.</summary>
    public static byte[] Read()
    {
        using var state = get_rng_state();
        return state.data<byte>().ToArray();
    }

    public static JsonObject ToJson(IReadOnlyList<byte[]> ofRanks)
    {
        var texts = ofRanks.Select(Convert.ToBase64String).ToArray();
        var distinct = texts.Distinct(StringComparer.Ordinal).ToList();
        return new JsonObject
        {
            [StatesKey] = new JsonArray([.. distinct.Select(text => (JsonNode)text)]),
            [RanksKey] = new JsonArray([.. texts.Select(text => (JsonNode)distinct.IndexOf(text))]),
        };
    }

    /// <summary>What sets this rank's generator. Where fewer ranks were saved, those beyond keep the state that they have.</summary>
    /// <exception cref="FormatException">What was saved is no state of this generator.</exception>
    public static Action Prepare(JsonObject saved, int rank)
    {
        var ranks = saved[RanksKey]!.AsArray();
        if (rank >= ranks.Count) return () => { };
        var states = saved[StatesKey]!.AsArray();
        var index = ranks[rank]!.GetValue<int>();
        if (index < 0 || index >= states.Count) throw new FormatException($"it has {states.Count} states of the default generator, but rank {rank} wants number {index}");
        var bytes = Convert.FromBase64String(states[index]!.GetValue<string>());
        var length = Read().Length;
        if (bytes.Length != length) throw new FormatException($"the saved state of the default generator has {bytes.Length} bytes, this one's {length}");
        return () =>
        {
            using var state = tensor(bytes);
            set_rng_state(state);
        };
    }
}
