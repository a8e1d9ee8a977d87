namespace GShard;

/// <summary>
/// Makes a user's static function an operator that the compiler can shard, by its factor string:
/// <c>[ShardRule("a b, b c -> a c", Reduce = "b")]</c>. A factor that every tensor passes through may be split; a reduced factor gives a
/// partial sum.
/// </summary>
/// <param name="rule">Operands and results as lists of factors: <c>"a b, b c -> a c"</c>.</param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class ShardRuleAttribute(string rule) : Attribute
{
    /// <summary>Operands and results as lists of factors.</summary>
    public string Rule { get; } = rule;

    /// <summary>The factors that are summed over, separated by spaces.</summary>
    public string? Reduce { get; set; }
}
