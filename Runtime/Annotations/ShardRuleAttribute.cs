namespace GShard;

/// <summary>
/// Makes a user's static function an operator that the compiler can shard, by its factor string:
/// <c>[ShardRule("a b, b c -> a c", Reduce = "b")]</c>. A factor that every result keeps may be split over ranks, each of which calls the
/// function on its part; one that is reduced gives a partial sum; any other is whole on every rank. The function takes tensors, in the
/// order of the rule, and host values; it returns fresh tensors and changes none.
/// </summary>
/// <param name="rule">
/// Operands and results as lists of factors: <c>"a b, b c -> a c"</c>. <c>(a b)</c> is a dim of two factors, <c>...</c> any leading dims,
/// <c>1</c> a dim that broadcasts, <c>.</c> no dims, a number that size; a factor that only results have is the size that an int parameter
/// of the same name says.
/// </param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class ShardRuleAttribute(string rule) : Attribute
{
    /// <summary>Operands and results as lists of factors.</summary>
    public string Rule { get; } = rule;

    /// <summary>The factors that are summed over, separated by spaces.</summary>
    public string? Reduce { get; set; }

    /// <summary>The factors that every rank needs whole although results keep them, separated by spaces: the dim of a softmax.</summary>
    public string? Replicate { get; set; }

    /// <summary>The parameters in which the function is linear together, separated by spaces, so that partial sums may pass: those of a sum.</summary>
    public string? Linear { get; set; }

    /// <summary>The parameters in each of which alone the function is linear, separated by spaces, so that a partial sum may pass: those of a product.</summary>
    public string? Each { get; set; }

    /// <summary>
    /// A static method of the same class that is the backward: it takes the cotangents of the floating-point results, then what the
    /// function takes, and returns the gradients of the floating-point operands. Without it the backward is libtorch's autograd of the function.
    /// </summary>
    public string? Backward { get; set; }
}
