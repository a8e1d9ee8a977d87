using System.Text;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Rules;
using GShard.Compiler.Tests.Operators;
using GShard.Generator.Surface;

namespace GShard.Generator.Tests.Reference;

/// <summary>The operator reference, docs/operators.md, as the operator table and the tables of members give it.</summary>
internal static class OperatorReference
{
    private const string Introduction = """
        # Operators

        Generated from the compiler's operator table by `eng/operators.sh`; a test compares the two.

        An operator is declared once. From its **factors** the compiler derives every legal combination of placements, forward and
        backward. A factor stands for a dim wherever it appears: `m k, k n -> m n` is a matrix product. `(a b)` is a dim of two
        factors, of which the leading one can be split; `1` is a dim that broadcasts; `.` is a tensor without dims. Factors are
        those of a sample call.

        * **linear in**: operands (from 0) through which partial sums pass without a collective: *all of* them together, or *each of* them alone.
        * **reduces**: factors that the result lacks, so that splitting them gives partial sums (or maxima, minima).
        * **whole**: factors that must be whole on every rank; splitting one costs a collective first, or, where *by parts* says yes, the
          operator runs on the parts and exchanges less.
        * **halo**: factors that exchange edges, or move between ranks, where they are split.
        * **members**: members of `Tensor` and `torch` that are this operator; `f:` of `nn.functional`, `s:` of `special`, `l:` of `linalg`.

        """;

    private static readonly string[] Columns = ["operator", "computes", "factors", "linear in", "reduces", "whole", "by parts", "halo", "members"];

    public static string Write()
    {
        var text = new StringBuilder(Introduction);
        var members = Members();
        foreach (var (title, operators) in OperatorTable.Families)
        {
            var rows = operators.Select(o => Row(o, members[o.Name])).ToList();
            // A column that says nothing of a whole family is left out.
            var shown = Enumerable.Range(0, Columns.Length).Where(c => rows.Any(r => r[c].Length > 0)).ToList();
            void Line(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
            text.Append($"\n## {title}\n\n");
            Line(shown.Select(c => Columns[c]));
            text.Append('|').AppendJoin("|", shown.Select(_ => "---")).Append("|\n");
            foreach (var row in rows) Line(shown.Select(c => row[c]));
        }

        text.Append("\n## Members that are expressions\n\nThe compiler reads these members of torch as the expression beside them, which may run split wherever its operators may.\n\n| member | parameters | expression |\n|---|---|---|\n");
        foreach (var recipe in RecipeTable.All)
            text.Append($"| {Member(recipe.Containers, recipe.Method)} | {Cell(string.Join(", ", recipe.Parameters.Select(Parameter)))} | `{Cell(recipe.Text)}` |\n");
        text.Append("\n## Members that become operators by their arguments\n\n| members | operators |\n|---|---|\n");
        foreach (var group in SpecialMembers.All.GroupBy(m => m.Becomes))
            text.Append($"| {string.Join(", ", group.Select(m => Member(m.Containers, m.Method)).Distinct())} | {Cell(group.Key)} |\n");
        text.Append("\n## Modules\n\nModules that are read as a function of their input and of what they were made with; those with parameters are "
            + "Linear, Bilinear, Embedding, EmbeddingBag, LayerNorm, GroupNorm, Conv1d to Conv3d, ConvTranspose1d to ConvTranspose3d, BatchNorm and InstanceNorm, with running statistics (which they update alike on every rank) or without, PReLU, and LSTM, GRU, RNN with their cells, whose layers and directions are an operator each; a Sequential is its items.\n\n| module | function |\n|---|---|\n");
        foreach (var row in ModuleTable.All)
            text.Append($"| `{row.Module}` | `{Cell((row.Container == 'T' ? "" : row.Container + ":") + row.Method)}` |\n");
        return text.ToString();
    }

    private static string[] Row(OperatorDefinition definition, IEnumerable<string> members)
    {
        var signature = SampleOf(definition.Name);
        var rule = Named(signature.Rule);
        return
        [
            $"`{definition.Name}`", Cell(definition.Summary), $"`{rule}`", Linear(signature.Linearity), Of(rule, FactorKind.Reduction), Of(rule, FactorKind.NeedReplication),
            definition.Lowering is null ? "" : "yes", Of(rule, FactorKind.Permutation), string.Join(", ", members),
        ];
    }

    private static ILookup<string, string> Members() => TensorOperators.All
        .SelectMany(o => new[] { o.Tensors, o.Scalar }.OfType<string>().Select(name => (Operator: name, Member: $"`{Cell(o.Symbol)}`")))
        .Concat(ApiTable.All.Select(row => (row.Operator, Member: Member(row.Containers, row.Method))))
        .Distinct().ToLookup(m => m.Operator, m => m.Member);

    private static string Member(string containers, string method)
    {
        var prefixes = containers.Any(c => c is 'T' or 't') ? new[] { "" } : [.. containers.Select(c => c + ":")];
        return string.Join(", ", prefixes.Select(p => $"`{p}{method}`"));
    }

    private static string Parameter(ApiParameter parameter) => parameter.Role switch
    {
        ApiRole.Only => $"= {parameter.Attribute}",
        ApiRole.Null => "absent",
        _ => parameter.Attribute,
    };

    // What the backward of the gating is given cannot be written as text.
    private static OperatorSignature SampleOf(string name) => name == "top2_gating_backward"
        ? OperatorSignature.Infer(OperatorTable.Get(name), new OperatorCall(name,
            [new Value("saved", new HostType("top2")), new Value("dCombine", new TensorType(ElementType.Float64, [2, 5, 4, 3])), new Value("dAux", new TensorType(ElementType.Float64, []))], Attributes.None))
        : OperatorSamples.All.First(s => s.Name == name).Signature;

    /// <summary>The rule with letters for the factors that have no names.</summary>
    private static FactorRule Named(FactorRule rule)
    {
        var taken = rule.Factors.Select(f => f.Name).ToHashSet();
        var letters = new Queue<string>("abcdefghijqrstuvwxyz".Select(c => c.ToString()).Where(c => !taken.Contains(c)));
        return rule with { Factors = [.. rule.Factors.Select(f => f.Name.Length > 1 && char.IsDigit(f.Name[1]) && f.Name[0] is 'd' or 'r' ? f with { Name = letters.Dequeue() } : f)] };
    }

    private static string Of(FactorRule rule, FactorKind kind) => string.Join(" ", rule.Factors.Where(f => f.Kind == kind)
        .Select(f => kind == FactorKind.Reduction && f.Reduction != Compiler.Shardings.Reduction.Sum ? $"{f.Name} ({f.Reduction.ToString().ToLowerInvariant()})" : f.Name));

    private static string Linear(Linearity linearity) => linearity.Kind switch
    {
        LinearityKind.None => "",
        _ when linearity.Operands.Length == 1 => linearity.Operands[0].ToString(System.Globalization.CultureInfo.InvariantCulture),
        LinearityKind.Joint => "all of " + string.Join(", ", linearity.Operands),
        _ => "each of " + string.Join(", ", linearity.Operands),
    };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
