using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Generator.Reading.Methods;

namespace GShard.Generator.Reading;

/// <summary>
/// Which tensors from outside a program takes to be real: all but those that it only takes apart into real and imaginary parts, or hands on
/// to other modules. A complex one among them would get gradients without conjugates, so that the ranks check them.
/// </summary>
internal static class RealTensors
{
    /// <summary>Names of the tensors of that kind.</summary>
    public static ImmutableArray<string> Of(Function program, Func<ParameterKind, bool> kind) =>
        [.. program.Parameters.Where(p => kind(p.Kind) && p.Value.Type is TensorType { Element: ElementType.Float } && !OnlyTakenApart(program.Body, p.Value)).Select(p => p.Value.Name)];

    private static bool OnlyTakenApart(Block body, Value value)
    {
        if (body.Yields.Contains(value)) return false;
        foreach (var operation in body.AllOperations)
        {
            if (operation.Blocks.Any(b => b.Yields.Contains(value))) return false;
            if (!operation.Operands.Contains(value) || operation.Name is "real_part" or "imaginary_part" or "call") continue;
            if (!ElementUse.Keeps(operation.Name) || !OnlyTakenApart(body, operation.Result)) return false;
        }

        return true;
    }
}
