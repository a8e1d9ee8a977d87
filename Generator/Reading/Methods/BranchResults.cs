using System.Collections.Immutable;
using GShard.Compiler.IR;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading.Methods;

/// <summary>Collects what two branches leave different, as the results of an <c>if</c>.</summary>
internal sealed class BranchResults(HostReading condition, ProgramBuilder builder)
{
    private readonly List<(Value A, Value B, string? Name)> pairs = [];

    /// <summary>Why the branches cannot be brought together; null where they can.</summary>
    public string? Error { get; private set; }

    public ImmutableArray<Value> WhenTrue => [.. pairs.Select(p => p.A)];

    public ImmutableArray<Value> WhenFalse => [.. pairs.Select(p => p.B)];

    public ImmutableArray<string?> Names => [.. pairs.Select(p => p.Name)];

    public ImmutableArray<IrType> Types => [.. pairs.Select(p => builder.Resolve(new TensorType(p.A.Tensor.Element, p.A.Tensor.Dims)))];

    /// <summary>One reading for two; a tensor that differs is a place in the results.</summary>
    public Reading Merge(Reading a, Reading b, string? name)
    {
        switch (a, b)
        {
            case (UnknownReading, _) or (_, UnknownReading):
                return UnknownReading.Instance;
            case (TensorReading x, TensorReading y):
                if (ReferenceEquals(x.Value, y.Value)) return a;
                return Same(x.Value, y.Value, name) ? Add(x.Value, y.Value, name) : UnknownReading.Instance;
            case (ComplexReading x, ComplexReading y):
                return new ComplexReading(Merge(x.Real, y.Real, name is null ? null : name + "Real"), Merge(x.Imaginary, y.Imaginary, name is null ? null : name + "Imag"));
            case (TupleReading x, TupleReading y) when x.Items.Length == y.Items.Length:
                return new TupleReading([.. x.Items.Zip(y.Items, (i, j) => Merge(i, j, name))]);
            case (ListReading x, ListReading y) when x.Items.Length == y.Items.Length:
                return new ListReading([.. x.Items.Zip(y.Items, (i, j) => Merge(i, j, name))]);
            case (HostReading x, HostReading y):
                if (x.Code == y.Code) return x;
                return new HostReading(
                    $"{condition.In(Binding.Or)} ? {x.In(Binding.Conditional)} : {y.In(Binding.Conditional)}",
                    x.Type == y.Type ? x.Type : x.IsInteger && y.IsInteger ? SpecialType.System_Int64 : SpecialType.System_Double, Strength: Binding.Conditional);
            default:
                if (a.Equals(b)) return a;
                Error ??= $"The branches leave {(name is null ? "their value" : $"'{name}'")} of different kinds; give it the same kind of value in both.";
                return UnknownReading.Instance;
        }
    }

    /// <summary>The reading with places replaced by the results' values.</summary>
    public Reading Place(Reading reading, ImmutableArray<Value> values) => reading switch
    {
        PlacedReading place => new TensorReading(values[place.Index]),
        ComplexReading z => new ComplexReading(Place(z.Real, values), Place(z.Imaginary, values)),
        TupleReading tuple => new TupleReading([.. tuple.Items.Select(i => Place(i, values))]),
        ListReading list => new ListReading([.. list.Items.Select(i => Place(i, values))]),
        _ => reading,
    };

    private Reading Add(Value a, Value b, string? name)
    {
        var at = pairs.FindIndex(p => ReferenceEquals(p.A, a) && ReferenceEquals(p.B, b));
        if (at < 0)
        {
            pairs.Add((a, b, name));
            at = pairs.Count - 1;
        }
        else if (pairs[at].Name is null)
        {
            pairs[at] = (a, b, name);
        }

        return new PlacedReading(at);
    }

    private bool Same(Value a, Value b, string? name)
    {
        TensorType x = a.Tensor, y = b.Tensor;
        if (x.Element == y.Element && x.Rank == y.Rank && x.Dims.Zip(y.Dims, (i, j) => (i, j)).All(p => builder.Solver.Unify(p.i, p.j))) return true;
        string Print(TensorType type) => $"{type.Element.Text()}[{string.Join(", ", type.Dims.Select(builder.Solver.Resolve))}]";
        Error ??= $"The branches leave {(name is null ? "their value" : $"'{name}'")} as {Print(x)} and as {Print(y)}; both must have the same type and shape.";
        return false;
    }

    private sealed record PlacedReading(int Index) : Reading;
}
