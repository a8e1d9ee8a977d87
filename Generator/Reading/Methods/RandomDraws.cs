using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Generator.Reading.Methods;

/// <summary>
/// Random numbers that a function draws, itself or through functions whose source is here. A backward that runs such a function again would
/// draw others.
/// </summary>
internal sealed class RandomDraws(Compilation compilation, CancellationToken cancellation)
{
    private static readonly HashSet<string> Names = new(
    [
        "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli", "bernoulli_", "multinomial", "normal", "normal_", "uniform_", "poisson",
        "exponential_", "geometric_", "cauchy_", "log_normal_", "random_", "dropout", "dropout_", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout",
        "rrelu", "gumbel_softmax",
    ], StringComparer.Ordinal);

    private readonly HashSet<SyntaxNode> visited = [];

    /// <summary>The first member that draws, as <c>functional.dropout</c>; null where none does.</summary>
    public string? Find(SyntaxNode function)
    {
        if (!visited.Add(function) || !compilation.ContainsSyntaxTree(function.SyntaxTree)) return null;
        var model = compilation.GetSemanticModel(function.SyntaxTree);
        foreach (var syntax in function.DescendantNodes().OfType<InvocationExpressionSyntax>())
        {
            cancellation.ThrowIfCancellationRequested();
            if (model.GetOperation(syntax, cancellation) is not IInvocationOperation call) continue;
            if (Draws(call)) return $"{call.TargetMethod.ContainingType.Name}.{call.TargetMethod.Name}";
            foreach (var reference in call.TargetMethod.DeclaringSyntaxReferences)
                if (Find(reference.GetSyntax(cancellation)) is { } found) return found;
        }

        return null;
    }

    private static bool Draws(IInvocationOperation call)
    {
        bool Given(string name, object value) => call.Arguments.Any(a => a.Parameter?.Name == name && a.Value.ConstantValue is { HasValue: true } constant && value.Equals(constant.Value));
        if (Given("training", false) || Given("p", 0.0)) return false;
        return KnownTypes.NameOf(call.TargetMethod.ContainingType) switch
        {
            KnownTypes.Sharding => call.TargetMethod.Name == "Dropout",
            KnownTypes.Moe => call.TargetMethod.Name == "Top2Gating",
            _ => call.TargetMethod.ContainingNamespace?.ToDisplayString().StartsWith("TorchSharp", StringComparison.Ordinal) == true && Names.Contains(call.TargetMethod.Name),
        };
    }
}
