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
        var settled = Settlement.Run(logical);
        var (local, findings) = Partitioner.Run(settled);
        var forward = DeadCode.Run(local);
        Verifier.Check(forward);

        var backward = Transposer.Run(forward, forward.Name == "forward" ? "Backward" : forward.Name + "Backward");
        if (backward is not null) backward = DeadCode.Run(backward);

        (forward, backward) = SizeResolution.Run(forward, backward);
        if (backward is not null) (forward, backward) = Residuals.Run(forward, backward);
        forward = Ownership.Run(forward);
        if (backward is not null) backward = Ownership.Run(backward);
        Verifier.Check(forward);
        if (backward is not null) Verifier.Check(backward);
        return new ShardedProgram(settled, forward, backward, findings);
    }
}
