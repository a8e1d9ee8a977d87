using GShard.Compiler;
using GShard.Compiler.IR;
using GShard.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace GShard.Analyzers;

/// <summary>Finds calls of torch's <c>clip_grad_norm_</c> with the parameters of a sharded module.</summary>
internal static class GradientNormCheck
{
    private const string ShardedModule = "GShard.IShardedModule";

    /// <summary>What is wrong with a call; null where nothing is.</summary>
    public static LocatedFinding? Find(IInvocationOperation call)
    {
        if (call.TargetMethod.Name != "clip_grad_norm_" || call.Arguments.Length == 0) return null;
        var list = call.Arguments[0].Value;
        while (list is IConversionOperation conversion) list = conversion.Operand;
        if (list is not IInvocationOperation { TargetMethod.Name: "parameters", Instance: { } module }) return null;
        while (module is IConversionOperation conversion) module = conversion.Operand;
        if (module.Type?.AllInterfaces.Any(i => i.ToDisplayString() == ShardedModule) != true) return null;
        var message = $"'clip_grad_norm_' takes the norm of this rank's parts of '{module.Syntax}' alone, so that ranks scale by different factors; write GradientNorm.Clip({list.Syntax}, …).";
        return new LocatedFinding(new Finding("GSH5003", Severity.Warning, message, Origin.None), call.Syntax.GetLocation());
    }
}
