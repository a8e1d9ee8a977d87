using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Switches and patterns on host values, as chains of branches.</summary>
internal sealed partial class MethodReader
{
    private Reading ReadSwitch(ISwitchExpressionOperation choice)
    {
        var value = ReadExpression(choice.Value);
        if (value is UnknownReading) return value;
        return value is HostReading host
            ? ReadArms(choice, host, 0)
            : Refuse("GSH4009", choice.Value.Syntax, "A switch expression chooses by a host value: a field of the class, a parameter or a size.");
    }

    private Reading ReadArms(ISwitchExpressionOperation choice, HostReading value, int from)
    {
        if (from == choice.Arms.Length) return Refuse("GSH4002", choice.Syntax, "The switch expression has no arm for every other value; end it with '_ => …'.");
        var arm = choice.Arms[from];
        // A last arm takes what the others leave: where it does not fit, C# throws.
        if (arm.Guard is null && (arm.Pattern is IDiscardPatternOperation || from == choice.Arms.Length - 1 && arm.Pattern is IConstantPatternOperation)) return ReadExpression(arm.Value);
        if (arm.Value is IThrowOperation || (arm.Value as IConversionOperation)?.Operand is IThrowOperation)
            return Refuse("GSH4002", arm.Value.Syntax, "'throw' is not compiled; check what can be checked in the constructor.");
        return Matches(arm.Pattern, value, arm.Guard) is { } condition
            ? ReadBranches(condition, () => ReadExpression(arm.Value), () => ReadArms(choice, value, from + 1), choice.Syntax) ?? Unknown()
            : UnknownReading.Instance;
    }

    /// <summary>Reads a switch statement; <paramref name="rest"/> is what follows where a section <paramref name="returns"/>.</summary>
    private Reading? ReadSwitch(ISwitchOperation choice, Func<Reading?> rest, bool returns)
    {
        switch (ReadExpression(choice.Value))
        {
            case UnknownReading unknown: return unknown;
            case HostReading value:
                // The default stands last, wherever it is written.
                var sections = choice.Cases.OrderBy(c => c.Clauses.Any(l => l is IDefaultCaseClauseOperation)).ToImmutableArray();
                return ReadSections(choice, sections, value, 0, rest, returns);
            default: return Refuse("GSH4009", choice.Value.Syntax, "A switch chooses by a host value: a field of the class, a parameter or a size.");
        }
    }

    private Reading? ReadSections(ISwitchOperation choice, ImmutableArray<ISwitchCaseOperation> sections, HostReading value, int from, Func<Reading?> rest, bool returns)
    {
        if (from == sections.Length) return rest();
        var section = sections[from];
        var body = section.Body.Where(s => s is not IBranchOperation { BranchKind: BranchKind.Break }).ToList();
        Reading? Own() => ReadStatements(body, 0, rest);
        if (section.Clauses.Any(c => c is IDefaultCaseClauseOperation)) return Own();
        HostReading? any = null;
        foreach (var clause in section.Clauses)
        {
            var condition = clause switch
            {
                ISingleValueCaseClauseOperation single => ReadExpression(single.Value) is HostReading constant ? Compare(BinaryOperatorKind.Equals, value, constant) : null,
                IPatternCaseClauseOperation pattern => Matches(pattern.Pattern, value, pattern.Guard),
                _ => null,
            };
            if (condition is null) return failed ? UnknownReading.Instance : Refuse("GSH4002", clause.Syntax, "This case is not compiled; write a constant, a comparison as 'case > 3:', or 'if'.");
            any = any is null ? condition : Either(any, condition);
        }

        return ReadBranches(any!, Own, () => ReadSections(choice, sections, value, from + 1, rest, returns), choice.Syntax, returns);
    }

    private Reading ReadIs(IIsPatternOperation test)
    {
        switch (ReadExpression(test.Value))
        {
            case UnknownReading unknown: return unknown;
            case HostReading value: return Matches(test.Pattern, value, null) ?? (Reading)UnknownReading.Instance;
            case var other when NullTest(test.Pattern) is { } isNull: return HostReading.Of(isNull == other is NullReading);
            default: return Refuse("GSH4002", test.Syntax, "Only host values are tested by patterns; compare tensors by their members, as in x > 0.");
        }
    }

    private static bool? NullTest(IPatternOperation pattern) => pattern switch
    {
        IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } } => true,
        INegatedPatternOperation { Pattern: var inner } => !NullTest(inner),
        _ => null,
    };

    /// <summary>Whether a host value fits a pattern; null where that is not compiled, which is reported.</summary>
    private HostReading? Matches(IPatternOperation pattern, HostReading value, IOperation? guard)
    {
        var fits = pattern switch
        {
            IDiscardPatternOperation => HostReading.Of(true),
            IConstantPatternOperation constant => ReadExpression(constant.Value) is HostReading other ? Compare(BinaryOperatorKind.Equals, value, other) : null,
            IRelationalPatternOperation relation => ReadExpression(relation.Value) is HostReading other ? Compare(relation.OperatorKind, value, other) : null,
            INegatedPatternOperation negated => Matches(negated.Pattern, value, null) is { } inner ? Not(inner) : null,
            IBinaryPatternOperation both when Matches(both.LeftPattern, value, null) is { } left && Matches(both.RightPattern, value, null) is { } right =>
                both.OperatorKind == BinaryOperatorKind.Or ? Either(left, right) : Both(left, right),
            _ => null,
        };
        if (fits is null)
        {
            if (!failed) Refuse("GSH4002", pattern.Syntax, "Constants, comparisons, 'and', 'or', 'not' and '_' are compiled as patterns; write other conditions with '?:'.");
            return null;
        }

        if (guard is null) return fits;
        return ReadCondition(guard) is { } condition ? Both(fits, condition) : null;
    }

    private static HostReading Compare(BinaryOperatorKind kind, HostReading left, HostReading right)
    {
        if (left.Truth is { } a && right.Truth is { } b) return HostReading.Of(a == b);
        if (left.Size is { } x && right.Size is { } y && Compare(kind, x, y) is { } known) return HostReading.Of(known);
        return new HostReading(Join(left, Operators[kind], right), SpecialType.System_Boolean, Strength: Operators[kind].Strength);
    }

    private static HostReading Not(HostReading condition) =>
        condition.Truth is { } known ? HostReading.Of(!known) : new HostReading("!" + condition.In(Binding.Primary), SpecialType.System_Boolean, Strength: Binding.Unary);

    private static HostReading Both(HostReading a, HostReading b) => a.Truth is { } x ? (x ? b : a) : b.Truth == true ? a
        : new HostReading(Join(a, Operators[BinaryOperatorKind.ConditionalAnd], b), SpecialType.System_Boolean, Strength: Binding.And);

    private static HostReading Either(HostReading a, HostReading b) => a.Truth is { } x ? (x ? a : b) : b.Truth == false ? a
        : new HostReading(Join(a, Operators[BinaryOperatorKind.ConditionalOr], b), SpecialType.System_Boolean, Strength: Binding.Or);
}
