using System.Collections.Immutable;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    private static ImmutableArray<Expression> Random => Table(
        ("dropout", "Sharding.DropoutShard({0}, {p}, {training|training}, {[shape]}, {[offsets]}, {1})"),
        ("next_key", "CounterRandom.Next()"),
        ("top2_gating",
            "Moe.Top2GatingShard({0}, {capacity}, {training|training}, {slots|SlotRule.KeptOnly}, {aux_scale|AuxScale.ExpertsSquared}, groups: {groups}, groupOffset: {offset}, {1})"),
        ("top2_gating_backward", "Moe.Top2GatingBackward({*})"));
}
