namespace TorchSharp;

/// <summary>
/// Disposes, when it ends, what was made on its thread since it began and neither kept, moved nor disposed. Scopes nest per thread.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    // Locked: a tensor may be disposed on another thread than that of its scope.
    private readonly HashSet<IDisposable> owned = new(ReferenceEqualityComparer.Instance);
    private readonly DisposeScopeManager manager;
    private bool ended;

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        this.manager = manager;
        Outer = outer;
    }

    internal DisposeScope? Outer { get; }

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            lock (owned)
                return [.. owned];
        }
    }

    public int DisposablesCount
    {
        get
        {
            lock (owned)
                return owned.Count;
        }
    }

    public bool Contains(IDisposable disposable)
    {
        lock (owned)
            return owned.Contains(disposable);
    }

    /// <summary>Puts an object under this scope, taking it from the scope that held it.</summary>
    public void Attach(IDisposable disposable)
    {
        Take(disposable, this);
        manager.Counts.AttachedToScopeCount++;
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        IDisposable[] all = [.. disposables];
        foreach (var disposable in all)
            Attach(disposable);
        return all;
    }

    /// <summary>Takes an object out of this scope: it lives until it is disposed or collected.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        Take(disposable, null);
        manager.Counts.DetachedFromScopeCount++;
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (Detach(first), Detach(second));

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (Detach(first), Detach(second), Detach(third));

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
            Detach<IDisposable>(disposable);
    }

    /// <summary>Moves an object to the scope around this one, or out of all scopes if there is none.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(Outer, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(Outer, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(Outer, disposables);

    /// <summary>Moves an object to another scope, or out of all scopes for null.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (scope is null)
            return Detach(disposable);
        Take(disposable, scope);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOther(scope, first), MoveToOther(scope, second));

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOther(scope, first), MoveToOther(scope, second), MoveToOther(scope, third));

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
            MoveToOther<IDisposable>(scope, disposable);
    }

    /// <summary>Disposes everything in the scope, which goes on.</summary>
    public void DisposeEverything() => DisposeEverythingBut();

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var keep = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        foreach (var disposable in DisposablesView)
        {
            if (!keep.Contains(disposable))
            {
                disposable.Dispose();
                Remove(disposable);
            }
        }
    }

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([(IDisposable)keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut([(IDisposable)first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut([(IDisposable)first, second, third]);
        return (first, second, third);
    }

    /// <summary>Forgets an object that has been disposed.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        Remove(disposable);
        manager.Counts.DisposedInScopeCount++;
    }

    public void Dispose()
    {
        if (ended)
            return;
        ended = true;
        DisposeEverything();
        manager.Remove(this);
    }

    internal void Add(IDisposable disposable)
    {
        lock (owned)
            owned.Add(disposable);
    }

    private void Remove(IDisposable disposable)
    {
        lock (owned)
            owned.Remove(disposable);
    }

    private void Take(IDisposable disposable, DisposeScope? scope)
    {
        if (disposable is Tensor tensor)
        {
            tensor.OwningScope?.Remove(tensor);
            tensor.OwningScope = scope;
        }
        else
        {
            Remove(disposable);
        }
        scope?.Add(disposable);
    }
}
