using GShard.Compiler.Rules;

namespace GShard.Compiler.Propagation;

/// <summary>
/// Runs a strategy over the operations until nothing changes. An operation is visited again only when one of its values has changed
/// since the strategy last saw it, or when it may now pass more than then; so a level of the ladder that adds nothing costs nothing.
/// </summary>
internal sealed class Worklist
{
    private readonly PropagationProblem problem;
    private readonly ValueState[] states;
    private readonly Provenance provenance;
    private readonly int[] order;
    private readonly List<int>[] touching;
    private readonly bool[] hasMultiUseOperand;
    private readonly bool[] queued;
    private readonly Queue<int> queue = new();
    private readonly FactorProjection projection = new();
    private readonly List<DimChange> changes = [];
    private readonly List<Visits> allVisits = [];

    public Worklist(PropagationProblem problem, ValueState[] states, Provenance provenance)
    {
        (this.problem, this.states, this.provenance) = (problem, states, provenance);
        var operations = problem.Operations;
        touching = [.. states.Select(_ => new List<int>())];
        var uses = new int[states.Length];
        for (var operation = 0; operation < operations.Length; operation++)
        {
            foreach (var value in operations[operation].Operands.Concat(operations[operation].Results).Distinct())
                touching[value].Add(operation);
            foreach (var value in operations[operation].Operands) uses[value]++;
        }

        hasMultiUseOperand = [.. operations.Select(o => o.Operands.Any(v => uses[v] > 1))];
        queued = new bool[operations.Length];
        order = [.. Enumerable.Range(0, operations.Length).OrderBy(o => operations[o].Class == OperationClass.DataFlow ? 0 : 1)];
    }

    /// <summary>How often an operation was looked at.</summary>
    public int VisitCount { get; private set; }

    /// <summary>A strategy with its memory of the visits it has made.</summary>
    public Visits Add(FactorPropagation strategy)
    {
        var visits = new Visits(strategy, problem.Operations.Length);
        allVisits.Add(visits);
        return visits;
    }

    /// <summary>Operations of a value are to be looked at again.</summary>
    public void Touch(int value)
    {
        foreach (var operation in touching[value])
            foreach (var visits in allVisits) visits.IsStale[operation] = true;
    }

    /// <summary>Runs a strategy at a level of operator priority.</summary>
    public void Run(Visits visits, int level)
    {
        foreach (var operation in order)
            if (visits.IsStale[operation] || visits.Permission[operation] != Permission(level, operation)) Enqueue(operation);
        while (queue.Count > 0)
        {
            var operation = queue.Dequeue();
            queued[operation] = false;
            visits.IsStale[operation] = false;
            visits.Permission[operation] = Permission(level, operation);
            Visit(visits.Strategy, level, operation);
        }
    }

    private void Enqueue(int operation)
    {
        if (queued[operation]) return;
        queued[operation] = true;
        queue.Enqueue(operation);
    }

    private int Permission(int level, int operation) =>
        (int)Direction(level, operation, FactorKind.PassThrough) | (int)Direction(level, operation, FactorKind.Reduction) << 2;

    private PropagationDirection Direction(int level, int operation, FactorKind kind) =>
        OpPriority.Direction(level, problem.Operations[operation], kind, hasMultiUseOperand[operation]);

    private void Visit(FactorPropagation strategy, int level, int operation)
    {
        var described = problem.Operations[operation];
        if (described.Rule is not { } rule || Permission(level, operation) == 0 || !AnyAxis(described)) return;
        if (MeshAgreement.Of(described, states, problem.Mesh) is not { } mesh) return;
        VisitCount++;
        projection.Load(described, rule, mesh, states);
        Span<PropagationDirection> directions = stackalloc PropagationDirection[Math.Min(rule.Factors.Length, 64)];
        if (rule.Factors.Length > directions.Length) directions = new PropagationDirection[rule.Factors.Length];
        for (var factor = 0; factor < directions.Length; factor++) directions[factor] = Direction(level, operation, rule.Factors[factor].Kind);
        if (!strategy.Propagate(projection, described.Class, directions)) return;
        changes.Clear();
        for (var tensor = 0; tensor < projection.Tensors; tensor++)
            DimChange.Collect(projection, described, tensor, states, changes);
        foreach (var change in changes)
        {
            if (!change.Apply(states, mesh, operation, provenance)) continue;
            Touch(change.Value);
            foreach (var other in touching[change.Value]) Enqueue(other);
        }
    }

    private bool AnyAxis(PropagationOperation operation)
    {
        for (var tensor = 0; tensor < operation.Operands.Length + operation.Results.Length; tensor++)
            foreach (var axes in states[operation.Tensor(tensor)].Axes)
                if (axes.Count > 0) return true;
        return false;
    }

    /// <summary>A strategy's memory: per operation, whether values have changed since it was there, and what might pass then.</summary>
    internal sealed class Visits
    {
        public Visits(FactorPropagation strategy, int operations)
        {
            Strategy = strategy;
            Permission = new int[operations];
            IsStale = new bool[operations];
            for (var i = 0; i < operations; i++) IsStale[i] = true;
        }

        public FactorPropagation Strategy { get; }

        public int[] Permission { get; }

        public bool[] IsStale { get; }
    }
}
