using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Partitioning;
using GShard.Compiler.Passes;
using GShard.Compiler.Transposition;
using GShard.Compiler.Verification;

namespace GShard.Compiler;

/// <summary>The compiler: from a logical program with annotations to the local programs of one rank, forward and backward.</summary>
public static class ShardingCompiler
{
    /// <summary>Compiles one method.</summary>
    /// <exception cref="Operators.ShapeException">A size is needed that nothing shows when the model runs.</exception>
    public static ShardedProgram Compile(Function logical)
    {
        var (settled, conflicts) = Settlement.Run(logical);
        var (forward, findings) = Partitioner.Run(settled);
        findings = findings.AddRange(AnnotationConflict.Report(conflicts, forward));
        Verifier.Check(forward);
        forward = DeadCode.Run(forward);
        Verifier.Check(forward);
        forward = ReduceScatters.Run(Reassociation.Run(forward));
        Verifier.Check(forward);

        // Before split forms are written out: their parts have no derivatives of their own.
        var differentiable = Activity.Results(forward);
        var backward = Transposer.Run(forward, forward.Name == "forward" ? "Backward" : forward.Name + "Backward");
        if (backward is null) return WithoutBackward(settled, forward, findings);
        Verifier.Check(backward, forward);
        backward = DeadCode.Run(backward);
        Verifier.Check(backward, forward);
        backward = UpdateReductions.Run(LoopReductions.Run(ReduceScatters.Run(Reassociation.Run(backward, forward)), forward));
        Verifier.Check(backward, forward);
        (forward, backward) = (Inlining.Run(forward), Inlining.Run(backward));
        Verifier.Check(forward);
        Verifier.Check(backward, forward);
        (forward, backward) = LoopedEinsums.Run(forward, backward);
        Verifier.Check(backward!, forward);
        backward = Rematerialization.Run(forward, backward!);
        Verifier.Check(backward, forward);
        (forward, backward) = CombinedCollectives.Run(forward, backward);
        Verifier.Check(forward);
        Verifier.Check(backward!, forward);
        (forward, backward) = (WeightGathers.Run(forward, forward.Parameters), WeightGathers.Run(backward!, forward.Parameters));
        Verifier.Check(forward);
        Verifier.Check(backward, forward);
        var granules = Granules.Of(forward, backward);
        (forward, backward) = SizeResolution.Run(forward, backward, granules);
        Verifier.Check(forward);
        Verifier.Check(backward!, forward);
        (forward, backward) = Residuals.Run(forward, backward!);
        Verifier.Check(forward);
        Verifier.Check(backward);
        (forward, backward) = (Ownership.Run(forward), Ownership.Run(backward));
        Verifier.Check(forward);
        Verifier.Check(backward);
        return new ShardedProgram(settled, forward, backward, findings) { Granules = granules, DifferentiableResults = differentiable };
    }

    private static ShardedProgram WithoutBackward(Function settled, Function forward, ImmutableArray<Finding> findings)
    {
        forward = LoopedEinsums.Run(Inlining.Run(forward), null).Forward;
        forward = CombinedCollectives.Run(forward, null).Forward;
        Verifier.Check(forward);
        forward = WeightGathers.Run(forward, forward.Parameters);
        Verifier.Check(forward);
        var granules = Granules.Of(forward, null);
        forward = SizeResolution.Run(forward, null, granules).Forward;
        Verifier.Check(forward);
        forward = Ownership.Run(forward);
        Verifier.Check(forward);
        return new ShardedProgram(settled, forward, null, findings) { Granules = granules };
    }
}
