using System.Text;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Text;

/// <summary>
/// Prints tensor types: <c>float[G@expert,S,M]</c>. A split dim carries its axes (<c>E@data@model</c>, major first), an open one ends in
/// <c>?</c> (one <c>?</c> behind the bracket where all are open), a priority in <c>!p</c>; explicitly replicated and partial axes follow: <c>R(data) P(expert) P(max model)</c>;
/// last an order of devices that is not the mesh's: <c>on(0, 2, 1, 3)</c>.
/// </summary>
public static class TypePrinter
{
    /// <summary>Prints a type.</summary>
    public static string Print(IrType type) => type is TensorType tensor ? Print(tensor) : type.ToString()!;

    /// <summary>Prints a tensor type.</summary>
    public static string Print(TensorType type)
    {
        var text = new StringBuilder(type.Element.Text()).Append('[');
        var allOpen = type.Rank > 0 && type.Sharding.Dims.All(d => d.IsOpen);
        for (var i = 0; i < type.Rank; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(type.Dims[i]);
            var dim = type.Sharding.Dims[i];
            foreach (var axis in dim.Axes) text.Append('@').Append(axis);
            if (dim.IsOpen && !allOpen) text.Append('?');
            if (dim.Priority != 0) text.Append('!').Append(dim.Priority);
        }

        text.Append(']');
        if (allOpen) text.Append('?');
        if (!type.Sharding.Replicated.IsEmpty) text.Append(" R(").Append(string.Join(", ", type.Sharding.Replicated)).Append(')');
        foreach (var partial in type.Sharding.Partial)
        {
            text.Append(" P(");
            if (partial.Reduction != Reduction.Sum) text.Append(partial.Reduction.ToString().ToLowerInvariant()).Append(' ');
            text.Append(partial.Axis).Append(')');
        }

        if (!type.Sharding.Devices.IsEmpty) text.Append(" on(").Append(string.Join(", ", type.Sharding.Devices)).Append(')');
        return text.ToString();
    }
}
