using GShard.Compiler.Dims;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>Statements.</summary>
internal sealed partial class MethodReader
{
    private const int LongestUnrolledLoop = 64;

    /// <summary>Reads statements from one on; what they return, or null where they run through. <paramref name="after"/> is what follows then.</summary>
    private Reading? ReadStatements(IReadOnlyList<IOperation> statements, int from, Func<Reading?>? after)
    {
        for (var i = from; i < statements.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var next = i + 1;
            Reading? Rest() => ReadStatements(statements, next, after);
            switch (statements[i])
            {
                case IReturnOperation { ReturnedValue: { } value }: return ReadExpression(value);
                case IReturnOperation: return null;
                case IBlockOperation block when Returns(block): return ReadStatements(block.Operations, 0, Rest);
                case IUsingOperation @using when Returns(@using.Body):
                    ReadStatement(@using.Resources);
                    return ReadStatements([@using.Body], 0, Rest);
                case IConditionalOperation branch when Returns(branch):
                    return ReadBranches(branch, () => ReadStatements([branch.WhenTrue], 0, Rest), () => branch.WhenFalse is null ? Rest() : ReadStatements([branch.WhenFalse], 0, Rest), returns: true);
                case ISwitchOperation choice when Returns(choice): return ReadSwitch(choice, Rest, returns: true);
                default: ReadStatement(statements[i]); break;
            }
        }

        return after?.Invoke();
    }

    private void ReadStatement(IOperation statement)
    {
        switch (statement)
        {
            case IBlockOperation block: ReadStatements(block.Operations, 0, null); break;
            case IEmptyOperation or ILabeledOperation { Operation: null }: break;
            case IVariableDeclarationGroupOperation group: ReadDeclarations(group); break;
            case IUsingDeclarationOperation declaration: ReadDeclarations(declaration.DeclarationGroup); break;
            case IUsingOperation @using:
                ReadStatement(@using.Resources);
                ReadStatement(@using.Body);
                break;
            case IExpressionStatementOperation { Operation: IInvocationOperation { TargetMethod.Name: "Dispose" } }: break;
            case IExpressionStatementOperation expression: ReadEffect(expression.Operation); break;
            case IConditionalOperation branch:
                ReadBranches(branch, () => { ReadStatement(branch.WhenTrue); return null; }, () => { if (branch.WhenFalse is { } other) ReadStatement(other); return null; }, returns: false);
                break;
            case IForEachLoopOperation loop: ReadForEach(loop); break;
            case IForLoopOperation loop: ReadFor(loop); break;
            case IInvalidOperation: Unknown(); break;
            case IReturnOperation: Refuse("GSH4001", statement.Syntax, "A loop cannot be left by 'return'; assign the value and return it behind the loop."); break;
            case IThrowOperation: Refuse("GSH4001", statement.Syntax, "'throw' is not compiled; check what can be checked in the constructor."); break;
            // Read where it is called.
            case ILocalFunctionOperation: break;
            case IWhileLoopOperation: Refuse("GSH4001", statement.Syntax, "A 'while' loop is not compiled, because its length is not known; write 'for' over a constant range, or 'foreach' over a ModuleList."); break;
            case ITryOperation: Refuse("GSH4001", statement.Syntax, "'try' is not compiled; write the statements without it."); break;
            case ISwitchOperation choice: ReadSwitch(choice, () => null, returns: false); break;
            case IBranchOperation: Refuse("GSH4001", statement.Syntax, "'break', 'continue' and 'goto' are not compiled; put the rest of the turn into an 'if', or end the loop by its range."); break;
            default: Refuse("GSH4001", statement.Syntax, "This statement is not compiled; write locals, assignments, 'if' on host values, and loops over a ModuleList or a constant range."); break;
        }
    }

    private void ReadDeclarations(IVariableDeclarationGroupOperation group)
    {
        foreach (var declarator in group.Declarations.SelectMany(d => d.Declarators))
        {
            if (declarator.GetVariableInitializer()?.Value is { } value) Assign(declarator.Symbol, ReadExpression(value));
        }
    }

    /// <summary>Reads an expression for what it does.</summary>
    private void ReadEffect(IOperation expression)
    {
        switch (expression)
        {
            case ISimpleAssignmentOperation or ICompoundAssignmentOperation or IDeconstructionAssignmentOperation or IInvalidOperation:
                ReadExpression(expression);
                break;
            case IIncrementOrDecrementOperation { Target: ILocalReferenceOperation local } step:
                if (ReadExpression(local) is HostReading { Size: { } size })
                    locals[local.Local] = HostReading.Of(step.Kind == OperationKind.Increment ? size + Dim.One : size - Dim.One);
                else Unknown();
                break;
            case IInvocationOperation { TargetMethod: { Name: var name, ContainingType: var container } } when name.EndsWith("_", StringComparison.Ordinal) && KnownTypes.NameOf(container) is KnownTypes.Tensor or KnownTypes.Torch:
                ReadExpression(expression);
                break;
            case IInvocationOperation call when KnownTypes.NameOf(call.TargetMethod.ContainingType) == KnownTypes.Functional && call.Arguments.Any(a => a is { Parameter.Name: "inplace", Value.ConstantValue: { HasValue: true, Value: true } }):
                ReadExpression(expression);
                break;
            default:
                Refuse("GSH4001", expression.Syntax, "The value of this expression is not used, and the compiler knows no other effect of it; remove it, or assign it.");
                break;
        }
    }

    private void ReadFor(IForLoopOperation loop)
    {
        if (ReadForEach(loop)) return;
        foreach (var before in loop.Before) ReadStatement(before);
        for (var turn = 0; ; turn++)
        {
            var condition = loop.Condition is null ? null : ReadExpression(loop.Condition) as HostReading;
            if (condition?.Truth is not { } goes)
            {
                if (!failed) Refuse("GSH4001", loop.Condition?.Syntax ?? loop.Syntax, "The number of turns is not constant; write 'for' over a constant range, or 'foreach' over a ModuleList.");
                return;
            }

            if (!goes) return;
            if (turn == LongestUnrolledLoop)
            {
                Refuse("GSH4001", loop.Syntax, $"The loop has more than {LongestUnrolledLoop} turns, each of which is compiled by itself; put the repeated part into a module and loop over a ModuleList.");
                return;
            }

            ReadStatement(loop.Body);
            foreach (var step in loop.AtLoopBottom) ReadStatement(step);
        }
    }

    private static bool Returns(IOperation operation) => operation.DescendantsAndSelf().Any(o => o is IReturnOperation);
}
