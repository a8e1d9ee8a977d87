using System.Collections.Immutable;
using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Members that make tensors from nothing, from random numbers, or by joining others.</summary>
internal sealed partial class MethodReader
{
    private Reading? ReadNew(string name, ImmutableArray<Argument> arguments, SyntaxNode at) => name switch
    {
        "zeros" or "ones" or "full" or "arange" or "eye" => ReadCreation(name, arguments, at),
        "empty" => ReadCreation("zeros", arguments, at),
        "linspace" or "logspace" => ReadSpaced(name, arguments, at),
        "rand" or "randn" or "randint" or "randperm" => ReadRandom(name, arguments, at),
        _ => null,
    };

    private Reading ReadJoined(string name, ListReading list, Reading? along, SyntaxNode at)
    {
        if (list.Items.Any(i => i is not TensorReading) || list.Items.IsEmpty) return Unknown();
        var operands = list.Items.Select(i => ((TensorReading)i).Value).ToImmutableArray();
        var rank = operands[0].Tensor.Rank;
        switch (name)
        {
            case "vstack" or "row_stack" when rank == 1: (name, along) = ("stack", HostReading.Of(0)); break;
            case "vstack" or "row_stack": along = HostReading.Of(0); break;
            case "column_stack" when rank == 1: (name, along) = ("stack", HostReading.Of(1)); break;
            case "hstack" or "column_stack": along = HostReading.Of(rank == 1 ? 0 : 1); break;
            case "dstack" when rank == 2: (name, along) = ("stack", HostReading.Of(2)); break;
            case "dstack" when rank > 2: along = HostReading.Of(2); break;
            case "dstack": return Refuse("GSH4005", at, "'dstack' of vectors is not compiled; write stack and unsqueeze.");
        }

        if (along is not (null or HostReading { Size.Value: not null })) return Refuse("GSH4005", at, $"The dim of '{name}' must be a constant; write the number itself.");
        var dim = along is HostReading { Size.Value: { } given } ? (int)given : 0;
        if (name == "stack") return ApplyOne("stack", Attributes.None.With("dim", dim), operands, at);
        return operands.Length == 1 ? new TensorReading(operands[0]) : ApplyOne("cat", Attributes.None.With("dim", dim), operands, at);
    }

    private static Attributes OfType(ImmutableArray<Argument> arguments, ElementType otherwise) =>
        Attributes.Named(((arguments.FirstOrDefault(a => a.Name == "dtype")?.Reading as ElementReading)?.Type ?? otherwise).Text());

    private Reading ReadCreation(string name, ImmutableArray<Argument> arguments, SyntaxNode at, ElementType? like = null)
    {
        var sizes = arguments.Where(a => a.IsGiven && a.Name is "size" or "sizes" or "rows" or "columns" or "dim0" or "dim1" or "dim2" or "dim3" or "start" or "stop" or "step" or "n").ToList();
        if (arguments.FirstOrDefault(a => a.IsGiven && !sizes.Contains(a) && a.Name is not ("dtype" or "device" or "value") && !IsIgnored(a)) is { } other) return RefuseArgument(other, name);
        var attributes = OfType(arguments, like ?? (name == "arange" ? ElementType.Int64 : ElementType.Float));
        if (name == "arange") return ReadRange(sizes, attributes, at);
        var shape = ImmutableArray.CreateBuilder<Dim>();
        foreach (var argument in sizes)
        {
            if (Sizes(argument.Reading, argument.Syntax) is not { } read) return Unknown();
            shape.AddRange(read);
        }

        if (name == "eye")
        {
            attributes = attributes.With("n", shape[0]);
            return ApplyOne(name, shape.Count > 1 && shape[1].Value != -1 && !shape[1].Equals(shape[0]) ? attributes.With("m", shape[1]) : attributes, [], at);
        }

        attributes = attributes.With("shape", shape.ToImmutable());
        if (name == "full")
        {
            if (arguments.FirstOrDefault(a => a.Name == "value")?.Reading is not HostReading value) return Unknown();
            attributes = attributes.WithHost("value", value.Code);
        }

        return ApplyOne(name, attributes, [], at);
    }

    /// <summary>A range; with a step it is 0, 1, … times the step, plus the start.</summary>
    private Reading ReadRange(List<Argument> given, Attributes attributes, SyntaxNode at)
    {
        Dim start = 0, step = 1;
        Dim? stop = null;
        foreach (var argument in given)
        {
            if (SizeOf(argument.Reading, argument.Syntax) is not { } size) return Unknown();
            if (argument.Name == "start") start = size;
            else if (argument.Name == "step") step = size;
            else stop = size;
        }

        if (stop is null) return Unknown();
        if (step.IsOne) return ApplyOne("arange", (start.Value == 0 ? attributes : attributes.With("start", start)).With("end", stop), [], at);
        if (step.Value is not { } by || by == 0) return RefuseArgument(given.First(a => a.Name == "step"), "arange", "must be a constant");
        var length = stop - start;
        var count = length.Value is { } whole ? Math.Max(0, (whole + by - Math.Sign(by)) / by)
            : IsExact(length, step) ? length / step
            : HostSize($"({CodeOf(length)} + {by - Math.Sign(by)}) / {by}", at, "count");
        var scaled = Scalar(at, "mul_scalar", One(at, "arange", attributes.With("end", count)), CodeOf(step));
        return Result(start.Value == 0 ? scaled : Scalar(at, "add_scalar", scaled, CodeOf(start)));
    }

    private Reading ReadSpaced(string name, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        Argument? Named(string key) => arguments.FirstOrDefault(a => a.Name == key);
        if (Named("start")?.Reading is not HostReading start || Named("end")?.Reading is not HostReading end || Named("steps") is not { } given || SizeOf(given.Reading, at) is not { } steps) return Unknown();
        var line = One(at, "linspace", OfType(arguments, ElementType.Float).WithHost("start", start.Code).WithHost("end", end.Code).With("steps", steps));
        return Result(name == "linspace" ? line : Scalar(at, "rpow_scalar", line, (Named("base")?.Reading as HostReading)?.Code ?? "10"));
    }

    private Reading ReadRandom(string name, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        if (arguments.FirstOrDefault(a => a.Name == "generator") is { IsGiven: true, Reading: not NullReading } generator) return RefuseArgument(generator, name);
        var shape = ImmutableArray.CreateBuilder<Dim>();
        foreach (var argument in arguments.Where(a => a.IsGiven && a.Name is "size" or "rows" or "columns" or "dim0" or "dim1" or "dim2" or "dim3" or "n"))
        {
            if (Sizes(argument.Reading, argument.Syntax) is not { } read) return Unknown();
            shape.AddRange(read);
        }

        var element = (arguments.FirstOrDefault(a => a.Name == "dtype")?.Reading as ElementReading)?.Type;
        switch (name)
        {
            case "rand": return Result(Uniform(shape.ToImmutable(), element ?? ElementType.Float, at));
            case "randn": return Result(Normal(shape.ToImmutable(), element ?? ElementType.Float, at));
            case "randperm":
                var order = Apply("sort", Attributes.None.With("dim", 0), [Uniform(shape.ToImmutable(), ElementType.Float32, at)!], at);
                return order is null ? Unknown() : element is null or ElementType.Int64 ? new TensorReading(order.Value[1]) : Cast(order.Value[1], element.Value, at);
            default:
                if (arguments.FirstOrDefault(a => a.Name == "high")?.Reading is not HostReading high) return Unknown();
                return Result(Whole(Uniform(shape.ToImmutable(), ElementType.Float32, at), (arguments.FirstOrDefault(a => a.Name == "low")?.Reading as HostReading)?.Code ?? "0", high.In(Binding.Additive), element ?? ElementType.Int64, at));
        }
    }

    private Reading? ReadRandomLike(string name, Value x, ImmutableArray<Argument> arguments, SyntaxNode at)
    {
        var element = (arguments.FirstOrDefault(a => a.Name == "dtype")?.Reading as ElementReading)?.Type ?? x.Tensor.Element;
        switch (name)
        {
            case "rand_like": return Result(Uniform(x.Tensor.Dims, element, at));
            case "randn_like": return Result(Normal(x.Tensor.Dims, element, at));
            case "randint_like" when arguments[1].Reading is HostReading low && arguments[2].Reading is HostReading high:
                return Result(Whole(Uniform(x.Tensor.Dims, ElementType.Float32, at), low.Code, high.In(Binding.Additive), element, at));
            case "bernoulli" when arguments.Skip(1).All(IsIgnored):
                return Result(One(at, "to", Attributes.Named(element.Text()), One(at, "lt", Attributes.None, Uniform(x.Tensor.Dims, x.Tensor.Element, at), x)));
            default: return null;
        }
    }

    /// <summary>Uniform numbers in [0, 1) by counter; torch's own generator would differ from rank to rank, which an info says.</summary>
    private Value? Uniform(ImmutableArray<Dim> shape, ElementType element, SyntaxNode at)
    {
        findings.Report("GSH5002", at, "torch's random numbers are compiled to CounterRandom's, which are equal on any number of ranks, but not to the plain module's; draw outside of the annotated method to have the same.");
        var key = builder.Add("next_key", Attributes.None, [], [HostType.Key], at)[0];
        return One(at, "rand", Attributes.Named(element.Text()).With("shape", shape), key);
    }

    /// <summary>Normal numbers from two uniform ones, by the transformation of Box and Muller.</summary>
    private Value? Normal(ImmutableArray<Dim> shape, ElementType element, SyntaxNode at)
    {
        var (radius, angle) = (Uniform(shape, element, at), Uniform(shape, element, at));
        var length = One(at, "sqrt", Attributes.None, Scalar(at, "mul_scalar", One(at, "log", Attributes.None, Scalar(at, "rsub_scalar", radius, "1")), "-2"));
        return One(at, "mul", Attributes.None, length, One(at, "cos", Attributes.None, Scalar(at, "mul_scalar", angle, "6.283185307179586")));
    }

    private Value? Whole(Value? uniform, string low, string high, ElementType element, SyntaxNode at)
    {
        var scaled = One(at, "floor", Attributes.None, Scalar(at, "mul_scalar", uniform, low == "0" ? high : $"{high} - ({low})"));
        return One(at, "to", Attributes.Named(element.Text()), low == "0" ? scaled : Scalar(at, "add_scalar", scaled, low));
    }
}
