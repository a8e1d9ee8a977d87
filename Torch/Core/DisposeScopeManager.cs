namespace TorchSharp;

/// <summary>The dispose scopes of one thread, innermost last, and what happened in them.</summary>
public class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? current;

    private readonly List<DisposeScope> scopes = [];
    private readonly ThreadDisposeScopeStatistics statistics = new();

    /// <summary>Counts of this thread.</summary>
    public static ThreadDisposeScopeStatistics Statistics => Current.statistics;

    internal static DisposeScopeManager Current => current ??= new();

    internal LifetimeStatistics Counts => statistics.TensorStatistics;

    internal DisposeScope? Innermost => scopes.Count == 0 ? null : scopes[^1];

    internal DisposeScope Begin()
    {
        var scope = new DisposeScope(this, Innermost);
        scopes.Add(scope);
        return scope;
    }

    internal void Remove(DisposeScope scope) => scopes.Remove(scope);

    internal DisposeScope? Register(Tensor tensor)
    {
        var scope = Innermost;
        if (scope is null)
        {
            Counts.CreatedOutsideScopeCount++;
            return null;
        }
        Counts.CreatedInScopeCount++;
        scope.Add(tensor);
        return scope;
    }
}

public static partial class torch
{
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.Current.Begin();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.Current.Innermost;

    /// <summary>Runs an expression in a scope of its own and keeps only its result.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
