using GShard.Generator.Tests.Reading;

namespace GShard.Generator.Tests.Reference;

public class OperatorReferenceTests
{
    [Fact]
    public void The_operator_reference_is_what_the_operator_table_gives()
    {
        var path = Path.Combine(Repository.Root, "docs/operators.md");
        var text = OperatorReference.Write();
        if (Environment.GetEnvironmentVariable("GSHARD_WRITE_OPERATORS") == "1") File.WriteAllText(path, text);
        Assert.True(File.Exists(path) && File.ReadAllText(path).Replace("\r\n", "\n", StringComparison.Ordinal) == text, "docs/operators.md is not what the operator table gives; run eng/operators.sh and look at the difference.");
    }
}
