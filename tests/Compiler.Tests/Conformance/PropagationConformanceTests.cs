using GShard.Compiler.Propagation;

namespace GShard.Compiler.Tests.Conformance;

public sealed class PropagationConformanceTests
{
    private const string File = "propagation_cases.json";

    public static IEnumerable<object[]> Names => ConformanceData.Names(File);

    [ConformanceTheory]
    [MemberData(nameof(Names))]
    public void Propagation_ends_where_Shardy_ends(string name)
    {
        var json = ConformanceData.Cases(File)[name];
        var testCase = new PropagationCase(json);

        var found = Propagator.Run(testCase.Problem, testCase.Options);

        foreach (var (about, expected, value) in testCase.Expectations(json))
            Assert.Equal(
                $"{about}: {ShardingReader.Print(expected)}",
                $"{about}: {ShardingReader.Print(found.Shardings[value])}");
    }
}
