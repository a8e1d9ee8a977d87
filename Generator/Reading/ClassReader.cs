using System.Collections.Immutable;
using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Compiler.Shardings;
using GShard.Generator.Diagnostics;
using GShard.Generator.Model;
using GShard.Generator.Reading.Methods;
using Microsoft.CodeAnalysis;

namespace GShard.Generator.Reading;

/// <summary>Reads one <c>[Sharded]</c> class: its face, its fields, its annotated methods, each compiled.</summary>
internal sealed class ClassReader(Compilation compilation, INamedTypeSymbol type, Func<INamedTypeSymbol, FrontEndResult?> callee, CancellationToken cancellation)
{
    private readonly SourceMap map = new();

    /// <summary>Reads and compiles the class.</summary>
    public FrontEndResult Read()
    {
        var findings = new FindingBag(map, type.Locations.FirstOrDefault(l => l.IsInSource) ?? Location.None);
        var face = new ClassFace(type, findings);
        if (!face.Check()) return new FrontEndResult(null, findings.All);

        var annotations = new AnnotationReader(findings);
        var mesh = MeshReader.Read(type, [.. AllSplits(annotations)], findings);
        var shardings = new ShardingReader(mesh, type, findings);
        var constructors = new ConstructorReader(compilation, type);
        var (fields, tied) = new TiedWeights(compilation, type, findings).Unite(new FieldReader(constructors, annotations, shardings, findings).Read(type));
        var byName = fields.GroupBy(f => f.Symbol, SymbolEqualityComparer.Default).ToImmutableDictionary(g => g.Key!, g => g.First(), SymbolEqualityComparer.Default);
        var context = new ClassContext(compilation, type, mesh, byName, constructors, map, callee) { EvenAxes = EvenAxes(mesh, AllSplits(annotations)) };

        var methods = ImmutableArray.CreateBuilder<MethodModel>();
        var settled = new Dictionary<string, TensorType>(StringComparer.Ordinal);
        foreach (var method in face.Methods())
        {
            // Before what is read through it may take its name.
            if (method.DeclaringSyntaxReferences.FirstOrDefault() is { } declaration) map.Of(declaration.GetSyntax(cancellation));
            var program = Compile(context, method, findings);
            foreach (var weight in program?.Logical.Parameters.Where(p => p.Kind != ParameterKind.Argument) ?? [])
                context.SettledWeights[weight.Value.Name] = settled[weight.Value.Name] = weight.Value.Tensor;
            methods.Add(face.Describe(method, program));
        }

        var real = methods.Where(m => m.Program is not null).SelectMany(m => RealTensors.Of(m.Program!.Logical, kind => kind != ParameterKind.Argument)).ToImmutableHashSet();
        var complex = settled.Where(w => w.Value.Element == ElementType.Float && !real.Contains(w.Key)).Select(w => w.Key).ToImmutableHashSet();
        var promises = shardings.Promises.Concat(context.Promises).GroupBy(p => (p.Axis, p.Size)).Select(g => g.First()).ToImmutableArray();
        CheckPromises(promises, findings);
        return new FrontEndResult(
            face.Build(mesh, promises, [.. fields.OrderBy(f => f is WeightDeclaration ? 0 : 1).SelectMany(f => WeightsOf(f, settled, complex))], HostFields(fields, context), Submodules(fields), methods.ToImmutable()) with
            {
                LocalFunctions = [.. context.LocalFunctions.Values.Select(f => f.Text)],
                TiedWeights = tied,
                WeightUpdate = MeshReader.WeightUpdate(type),
            },
            findings.All)
        {
            Places = map,
        };
    }

    private ShardedProgram? Compile(ClassContext context, IMethodSymbol method, FindingBag findings)
    {
        // Ids and masks show by their use, after their types are needed: reading is repeated until nothing new shows.
        for (var round = 0; ; round++)
        {
            var found = new FindingBag(map, type.Locations[0]);
            var reader = new MethodReader(context, found, cancellation);
            var logical = reader.Read(method);
            var news = false;
            foreach (var hint in reader.ElementHints)
            {
                var key = MethodReader.ElementKey(method.Parameters.Any(p => p.Name == hint.Key) ? method : null, hint.Key);
                news |= !context.Elements.ContainsKey(key);
                context.Elements[key] = hint.Value;
            }

            if (news && round < 4) continue;
            findings.AddRange(found);
            context.Promises.AddRange(reader.Promises);
            return logical is null ? null : Compile(logical, method, findings);
        }
    }

    private static ShardedProgram? Compile(Function logical, IMethodSymbol method, FindingBag findings)
    {
        try
        {
            var program = ShardingCompiler.Compile(logical);
            // What annotations ask for together is no news where one of them is wrong.
            foreach (var finding in program.Findings.Where(f => f.Severity == Severity.Error || !findings.HasErrors)) findings.Add(finding);
            return program.Findings.Any(f => f.Severity == Severity.Error) ? null : program;
        }
        catch (Compiler.Operators.ShapeException error)
        {
            findings.Report("GSH1001", method, $"'{method.Name}' cannot be compiled: {error.Message}");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            findings.Report("GSH4012", method, $"'{method.Name}' cannot be compiled, which is a fault of the compiler: {error.Message} Please report it with the method's source.");
        }

        return null;
    }

    private static ImmutableArray<string> EvenAxes(Mesh mesh, IEnumerable<SplitAnnotation> splits) =>
        [.. splits.GroupBy(s => s.Axis ?? mesh.Axes.Select(a => a.Name).FirstOrDefault() ?? "").Where(g => g.All(s => !s.Uneven)).Select(g => g.Key)];

    private IEnumerable<SplitAnnotation> AllSplits(AnnotationReader annotations)
    {
        var symbols = type.GetMembers().SelectMany(m => m is IMethodSymbol method ? method.Parameters.Cast<ISymbol>().Prepend(m) : [m]);
        foreach (var symbol in symbols)
        {
            var attributes = symbol is IMethodSymbol method ? AnnotationReader.OfResult(method) : AnnotationReader.Ours(symbol.GetAttributes());
            foreach (var split in annotations.Read(symbol, symbol.Name, attributes.Where(a => a.AttributeClass!.Name == "SplitAttribute")).Splits) yield return split;
        }
    }

    private void CheckPromises(ImmutableArray<AxisPromise> promises, FindingBag findings)
    {
        foreach (var axis in promises.GroupBy(p => p.Axis).Where(g => g.Select(p => p.Size).Distinct().Count() > 1))
        {
            var (first, other) = (axis.First(), axis.First(p => p.Size != axis.First().Size));
            if (findings.All.Any(f => f.Finding.Id == "GSH0005")) continue;
            findings.Report("GSH0005", type,
                $"The axis '{axis.Key}' is to have {first.Size} ranks for '{first.Member}' and {other.Size} for '{other.Member}'; make the numbers equal, or name an axis for each.");
        }
    }

    private static IEnumerable<WeightField> WeightsOf(Field field, Dictionary<string, TensorType> settled, ImmutableHashSet<string> complex)
    {
        var declared = field switch
        {
            WeightDeclaration weight => [weight],
            LibraryModule module => module.Ordered,
            _ => Enumerable.Empty<WeightDeclaration>(),
        };
        foreach (var weight in declared)
        {
            var dims = weight.Dims ?? [];
            var type = settled.TryGetValue(weight.FullName, out var known)
                ? known with { Sharding = known.Sharding.Close() }
                : new TensorType(ElementType.Float, dims, (weight.Sharding ?? TensorSharding.Open(dims.Length)).Close());
            yield return new WeightField(weight.FullName, weight.Identifier, weight.PlainAccess, weight.IsBuffer, type, weight.Uneven) { MayBeComplex = complex.Contains(weight.FullName) };
        }
    }

    private static ImmutableArray<HostField> HostFields(ImmutableArray<Field> fields, ClassContext context) =>
        [.. fields.OfType<HostValueField>().Where(f => context.UsedHostFields.Contains(f.Name)).Select(f => new HostField(KnownTypes.Write(f.Type), f.Name))];

    private static ImmutableArray<SubmoduleField> Submodules(ImmutableArray<Field> fields) =>
        [.. fields.OfType<ShardedModule>().Select(f => new SubmoduleField(f.Name, KnownTypes.Write(f.Type) + ".Sharded", f.IsList))];
}
