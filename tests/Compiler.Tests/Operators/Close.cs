using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>Compares arrays element by element.</summary>
internal static class Close
{
    /// <summary>Fails where the shapes differ or an element is further off than the tolerance, relative to the larger of 1 and its size.</summary>
    public static void Assert(NdArray expected, NdArray actual, double tolerance, string what)
    {
        Xunit.Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: the shape is {actual} where {expected} is due.");
        for (var i = 0; i < expected.Data.Length; i++)
        {
            if (expected.Data[i].Equals(actual.Data[i])) continue;
            var off = Math.Abs(expected.Data[i] - actual.Data[i]) / Math.Max(1, Math.Abs(expected.Data[i]));
            Xunit.Assert.True(off <= tolerance, $"{what}: element {i} is {actual.Data[i]} where {expected.Data[i]} is due.\nexpected {expected}\nactual   {actual}");
        }
    }
}
