using System.Collections.Immutable;
using System.Globalization;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;

namespace GShard.Compiler.Text;

/// <summary>Reads types from the form that <see cref="TypePrinter"/> writes.</summary>
internal static class TypeParser
{
    public static IrType Parse(Scanner scanner)
    {
        if (scanner.Take("!")) return new HostType(scanner.Word("a host type"));
        var name = scanner.Word("an element type");
        var element = ElementTypes.Parse(name) ?? throw new FormatException($"'{name}' is not an element type.");
        scanner.Expect("[");
        var dims = ImmutableArray.CreateBuilder<Dim>();
        var shardings = ImmutableArray.CreateBuilder<DimSharding>();
        while (!scanner.Take("]"))
        {
            if (dims.Count > 0) scanner.Expect(",");
            dims.Add(DimParser.Parse(scanner.Until("@?!,]")));
            shardings.Add(ParseDim(scanner));
        }

        if (scanner.Take("?"))
            for (var i = 0; i < shardings.Count; i++) shardings[i] = shardings[i] with { IsOpen = true };

        var replicated = ImmutableArray<AxisRef>.Empty;
        var partial = ImmutableArray<PartialAxis>.Empty;
        var devices = ImmutableArray<int>.Empty;
        while (true)
        {
            if (scanner.Take("on(")) devices = ParseDevices(scanner);
            else if (scanner.Take("R(")) replicated = ParseAxes(scanner);
            else if (scanner.Take("P(")) partial = partial.Add(ParsePartial(scanner));
            else break;
        }

        return new TensorType(element, dims.ToImmutable(), new TensorSharding(shardings.ToImmutable(), replicated, partial) { Devices = devices });
    }

    private static DimSharding ParseDim(Scanner scanner)
    {
        var axes = ImmutableArray.CreateBuilder<AxisRef>();
        while (scanner.Take("@")) axes.Add(ParseAxis(scanner));
        var open = scanner.Take("?");
        var priority = scanner.Take("!") ? int.Parse(scanner.Word("a priority"), CultureInfo.InvariantCulture) : 0;
        return new DimSharding(axes.ToImmutable(), open, priority);
    }

    private static AxisRef ParseAxis(Scanner scanner)
    {
        var name = scanner.Word("a mesh axis");
        if (!scanner.Take(":(")) return new AxisRef(name);
        var pre = long.Parse(scanner.Word("a size"), CultureInfo.InvariantCulture);
        scanner.Expect(")");
        return new AxisRef(name, pre, long.Parse(scanner.Word("a size"), CultureInfo.InvariantCulture));
    }

    private static ImmutableArray<AxisRef> ParseAxes(Scanner scanner)
    {
        var axes = ImmutableArray.CreateBuilder<AxisRef>();
        do axes.Add(ParseAxis(scanner)); while (scanner.Take(","));
        scanner.Expect(")");
        return axes.ToImmutable();
    }

    private static ImmutableArray<int> ParseDevices(Scanner scanner)
    {
        var devices = ImmutableArray.CreateBuilder<int>();
        do devices.Add(int.Parse(scanner.Word("a rank"), CultureInfo.InvariantCulture)); while (scanner.Take(","));
        scanner.Expect(")");
        return devices.ToImmutable();
    }

    private static PartialAxis ParsePartial(Scanner scanner)
    {
        var reduction = scanner.Take("max") ? Reduction.Max : scanner.Take("min") ? Reduction.Min : Reduction.Sum;
        var axis = ParseAxis(scanner);
        scanner.Expect(")");
        return new PartialAxis(axis, reduction);
    }
}
