using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Surface;

/// <summary>C#'s binary operators on tensors: between tensors, with a number on the right, with a number on the left.</summary>
internal sealed record TensorOperators(BinaryOperatorKind Kind, string Symbol, string Tensors, string? Scalar, string? Reversed)
{
    // On whole numbers the last three work on bits.
    private static readonly TensorOperators[] Table =
    [
        new(BinaryOperatorKind.Add, "+", "add", "add_scalar", "add_scalar"),
        new(BinaryOperatorKind.Subtract, "-", "sub", "sub_scalar", "rsub_scalar"),
        new(BinaryOperatorKind.Multiply, "*", "mul", "mul_scalar", "mul_scalar"),
        new(BinaryOperatorKind.Divide, "/", "div", "div_scalar", "rdiv_scalar"),
        new(BinaryOperatorKind.Remainder, "%", "remainder", "remainder_scalar", null),
        new(BinaryOperatorKind.Equals, "==", "eq", "eq_scalar", "eq_scalar"),
        new(BinaryOperatorKind.NotEquals, "!=", "ne", "ne_scalar", "ne_scalar"),
        new(BinaryOperatorKind.LessThan, "<", "lt", "lt_scalar", "gt_scalar"),
        new(BinaryOperatorKind.LessThanOrEqual, "<=", "le", "le_scalar", "ge_scalar"),
        new(BinaryOperatorKind.GreaterThan, ">", "gt", "gt_scalar", "lt_scalar"),
        new(BinaryOperatorKind.GreaterThanOrEqual, ">=", "ge", "ge_scalar", "le_scalar"),
        new(BinaryOperatorKind.And, "&", "logical_and", null, null),
        new(BinaryOperatorKind.Or, "|", "logical_or", null, null),
        new(BinaryOperatorKind.ExclusiveOr, "^", "logical_xor", null, null),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<TensorOperators> All => Table;

    /// <summary>The operators that a kind is; null for kinds that tensors do not have.</summary>
    public static TensorOperators? Find(BinaryOperatorKind kind) => Table.FirstOrDefault(t => t.Kind == kind);
}
