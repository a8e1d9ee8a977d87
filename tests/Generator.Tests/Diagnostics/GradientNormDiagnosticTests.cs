namespace GShard.Generator.Tests.Diagnostics;

public class GradientNormDiagnosticTests
{
    /// <summary>A sharded module as the generator would write it, and a plain one.</summary>
    private static string Calling(string statement) => $$"""
        public sealed class Cut() : nn.Module<Tensor, Tensor>("cut"), IShardedModule
        {
            public DeviceMesh Mesh => throw new System.NotSupportedException();
            public static ShardPlan Plan => throw new System.NotSupportedException();
            ShardPlan IShardedModule.Plan => Plan;
            public override Tensor forward(Tensor x) => x;
        }

        public static class Training
        {
            public static void Step(Cut sharded, nn.Module plain) { {{statement}} }
        }
        """;

    [Theory]
    [InlineData("{|GSH5003:torch.nn.utils.clip_grad_norm_(sharded.parameters(), 1.0)|};")]
    [InlineData("var norm = {|GSH5003:torch.nn.utils.clip_grad_norm_(sharded.parameters(recurse: true), 1.0, 2)|};")]
    public Task A_norm_of_parts_is_reported(string statement) => Markup.Check(Calling(statement), "write GradientNorm.Clip(sharded.parameters(");

    [Theory]
    [InlineData("torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0);")]
    [InlineData("GradientNorm.Clip(sharded.parameters(), 1.0);")]
    [InlineData("torch.nn.utils.clip_grad_value_(sharded.parameters(), 1.0);")]
    public Task Others_are_not(string statement) => Markup.Check(Calling(statement));
}
