using GShard.Compiler.IR;
using GShard.Compiler.Passes;

namespace GShard.Compiler.Tests.Evaluation;

/// <summary>
/// Executes local programs on simulated ranks in lock-step, operation by operator over all ranks; with no axes, logical programs.
/// </summary>
/// <param name="axes">The mesh: axes major to minor, with sizes.</param>
/// <param name="module">Members, weights and host values for programs that need any.</param>
internal sealed class MultiRankEvaluator(IReadOnlyList<(string Axis, int Size)> axes, SimulatedModule? module = null)
{
    private readonly RankGrid grid = new(axes);
    private readonly SimulatedModule module = module ?? new SimulatedModule();
    private readonly Dictionary<string, long> keys = [];

    /// <summary>What the last program that was run kept for its backward.</summary>
    private object?[][]? kept;

    /// <summary>Names of the collectives run so far, in order.</summary>
    public List<string> Executed { get; } = [];

    /// <summary>Sees every operator call with its results, and may put others in their place.</summary>
    public Func<KernelCall, object?[], object?[]>? Observe { get; init; }

    /// <summary>
    /// Runs a program on all parameters in order, weights and buffers too: <c>inputs[rank][parameter]</c> to <c>results[rank][result]</c>.
    /// A backward program run next restores what this one keeps. Gradients end up in the module.
    /// </summary>
    public object?[][] Run(Function function, object?[][] inputs)
    {
        var (results, saved) = Run(function, module, inputs, kept);
        kept = saved;
        return results;
    }

    /// <summary>Calls a method of a module: arguments by rank; weights come from the module.</summary>
    public object?[][] Call(SimulatedModule callee, string method, object?[][] arguments)
    {
        var function = callee.Methods[method].Forward;
        var (results, saved) = Run(function, callee, WithWeights(function, callee, arguments), null);
        if (!callee.Records.TryGetValue(method, out var records)) callee.Records[method] = records = new();
        records.Push(saved);
        return results;
    }

    /// <summary>Calls a method's backward with the cotangents of its results.</summary>
    public object?[][] CallBackward(SimulatedModule callee, string method, object?[][] cotangents)
    {
        var function = callee.Methods[method].Backward ?? throw new InvalidOperationException($"'{method}' has no backward.");
        return Run(function, callee, WithWeights(function, callee, cotangents), callee.Records[method].Pop()).Results;
    }

    private static object?[][] WithWeights(Function function, SimulatedModule callee, object?[][] arguments) =>
    [
        .. arguments.Select((own, rank) =>
        {
            var next = 0;
            return function.Parameters.Select(p => p.Kind == ParameterKind.Argument ? own[next++] : callee.Weights[p.Value.Name][rank]).ToArray();
        }),
    ];

    private (object?[][] Results, object?[][]? Saved) Run(Function function, SimulatedModule owner, object?[][] inputs, object?[][]? restored)
    {
        if (inputs.Length != grid.Count) throw new ArgumentException($"inputs of {inputs.Length} ranks are given, the mesh has {grid.Count}.");
        if (inputs[0].Length != function.Parameters.Length) throw new ArgumentException($"'{function.Name}' has {function.Parameters.Length} parameters, but {inputs[0].Length} inputs are given.");
        var frame = new Frame(grid.Count, owner, bindsSplitDims: axes.Count == 0);
        for (var i = 0; i < function.Parameters.Length; i++) frame.Set(function.Parameters[i].Value, [.. inputs.Select(own => own[i])]);
        var (yields, saved) = Run(function.Body, frame, restored);
        return (ByRank(yields), saved);
    }

    private object?[][] ByRank(IReadOnlyList<object?[]> values) => [.. Enumerable.Range(0, grid.Count).Select(rank => values.Select(v => v[rank]).ToArray())];

    /// <summary>Runs a block; gives its yields (by value, then rank) and what it saves.</summary>
    private (object?[][] Yields, object?[][]? Saved) Run(Block block, Frame frame, object?[][]? restored)
    {
        object?[][]? saved = null;
        foreach (var operation in block.Operations)
        {
            try
            {
                if (operation.Name == "save") saved = [.. operation.Operands.Select(frame.Get)];
                else if (operation.Name == "restore") Bind(frame, operation, restored ?? throw new InvalidOperationException("nothing was saved"));
                else Run(operation, frame);
            }
            catch (Exception e) when (e is not EvaluationException)
            {
                throw new EvaluationException($"{e.Message} In: {operation}", e);
            }
        }

        return ([.. block.Yields.Select(frame.Get)], saved);
    }

    private static void Bind(Frame frame, Operation operation, object?[][] results)
    {
        if (results.Length != operation.Results.Length) throw new InvalidOperationException($"{results.Length} results arrive for {operation.Results.Length} names.");
        for (var i = 0; i < results.Length; i++) frame.Set(operation.Results[i], results[i]);
    }

    private void Run(Operation operation, Frame frame)
    {
        switch (operation.Name)
        {
            case "constraint":
                Bind(frame, operation, [frame.Get(operation.Operands[0])]);
                break;
            case "free":
                foreach (var value in operation.Operands) frame.Free(value);
                break;
            case "free_unless_kept":
                break;
            case "accumulate":
                Accumulate(frame, operation.Attributes.NameText, [.. frame.Get(operation.Operands[0]).Cast<NdArray>()]);
                break;
            case "next_key":
                Bind(frame, operation, [[.. Enumerable.Repeat((object?)NextKey(operation.Result.Name), grid.Count)]]);
                break;
            case "call" or "call_backward":
                RunCall(operation, frame);
                break;
            case "foreach" or "foreach_reverse":
                RunLoop(operation, frame);
                break;
            case "if":
                RunBranch(operation, frame);
                break;
            default:
                RunOperator(operation, frame);
                break;
        }
    }

    /// <summary>A key is a function of the call site (its name) and of how often it was reached, whatever else draws.</summary>
    public static long KeyOf(string site, long count) => site.Aggregate(count, (hash, c) => unchecked(hash * 31 + c));

    private long NextKey(string site) => KeyOf(site, keys[site] = keys.GetValueOrDefault(site) + 1);

    private void Accumulate(Frame frame, string weight, NdArray[] gradient) =>
        frame.Module.Gradients[weight] = frame.Module.Gradients.TryGetValue(weight, out var sum)
            ? [.. sum.Zip(gradient, (a, b) => NdArray.Fill(a.Shape, i => a[i] + b[i]))]
            : gradient;

    private void RunCall(Operation operation, Frame frame)
    {
        var path = operation.Attributes.NameText;
        var dot = path.LastIndexOf('.');
        var (member, method) = dot < 0 ? ("", path) : (path[..dot], path[(dot + 1)..]);
        var callee = member is "" or "this" ? frame.Module
            : frame.Items.TryGetValue(member, out var item) ? item
            : frame.Module.Members.TryGetValue(member, out var own) ? own
            : throw new InvalidOperationException($"there is no submodule '{member}'.");
        var arguments = ByRank([.. operation.Operands.Select(frame.Get)]);
        var results = operation.Name == "call" ? Call(callee, method, arguments) : CallBackward(callee, method, arguments);
        Bind(frame, operation, [.. Enumerable.Range(0, operation.Results.Length).Select(i => results.Select(r => r[i]).ToArray())]);
    }

    private void RunLoop(Operation operation, Frame frame)
    {
        var reverse = operation.Name == "foreach_reverse";
        var body = operation.Blocks[0];
        var items = frame.Module.Lists[operation.Attributes.NameText];
        var name = operation.Attributes.Find("item") is NameAttribute item ? item.Value : "";
        object?[][] carried = [.. operation.Operands.Take(body.Arguments.Length).Select(frame.Get)];
        var records = reverse && operation.Operands.Length > body.Arguments.Length ? (Stack<object?[][]?>)frame.Get(operation.Operands[^1])[0]! : new();
        foreach (var index in Enumerable.Range(0, items.Length).Select(i => reverse ? items.Length - 1 - i : i))
        {
            frame.Items[name] = items[index];
            for (var i = 0; i < carried.Length; i++) frame.Set(body.Arguments[i], carried[i]);
            var (yields, saved) = Run(body, frame, reverse && records.Count > 0 ? records.Pop() : null);
            if (!reverse) records.Push(saved);
            carried = yields;
        }

        object?[] stack = [.. Enumerable.Repeat((object?)records, grid.Count)];
        Bind(frame, operation, operation.Results.Length > carried.Length ? [.. carried, stack] : carried);
    }

    private void RunBranch(Operation operation, Frame frame)
    {
        var taken = HostExpression.Evaluate(operation.Attributes.Host("condition"), d => frame.Resolve(d, 0), n => frame.Host(n, 0)) != 0 ? 0 : 1;
        var restored = operation.Operands.Length > 0 ? (object?[][]?)frame.Get(operation.Operands[^1])[0] : null;
        var (yields, saved) = Run(operation.Blocks[taken], frame, restored);
        object?[] record = [.. Enumerable.Repeat((object?)saved, grid.Count)];
        Bind(frame, operation, operation.Results.Length > yields.Length ? [.. yields, record] : yields);
    }

    private void RunOperator(Operation operation, Frame frame)
    {
        var operands = ByRank([.. operation.Operands.Select(frame.Get)]);
        KernelCall[] calls =
        [
            .. operands.Select((own, rank) => new KernelCall(operation.Name, own, operation.Attributes, d => frame.Resolve(d, rank), n => frame.Host(n, rank))),
        ];
        object?[][] results;
        if (Collectives.Knows(operation.Name))
        {
            NdArray[][] byOperand = operation.Name == "einsum_loop" ? [Collectives.Run(grid, calls)] : [.. Enumerable.Range(0, operation.Operands.Length).Select(i => Collectives.Run(grid, [.. calls.Select(c => c with { Operands = [c.Operands[i]], Attributes = CombinedOperands.Of(operation, i) })]))];
            results = [.. Enumerable.Range(0, grid.Count).Select(rank => byOperand.Select(r => (object?)r[rank]).ToArray())];
            // Where its cuts coincide, a dim is not cut anew.
            if (operation.Name != "recut" || byOperand[0].Where((cut, rank) => !cut.Shape.SequenceEqual(calls[rank].X.Shape)).Any()) Executed.Add(operation.Name);
        }
        else if (HostSizes.Knows(operation.Name))
        {
            results = [.. HostSizes.Run(grid, operation, calls).Select(r => new object?[] { r })];
        }
        else
        {
            results = [.. calls.Select(c => Observe is null ? Kernels.Run(c) : Observe(c, Kernels.Run(c)))];
        }

        Bind(frame, operation, [.. Enumerable.Range(0, operation.Results.Length).Select(i => results.Select(r => r[i]).ToArray())]);
    }
}
