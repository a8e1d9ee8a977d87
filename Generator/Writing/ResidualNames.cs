namespace GShard.Generator.Writing;

/// <summary>Names of what a method's forward keeps for its backward.</summary>
internal static class ResidualNames
{
    /// <summary>The field with the stack: <c>residuals</c>, <c>encodeResiduals</c>.</summary>
    public static string Field(string method) => method == "forward" ? "residuals" : Identifier.Camel(method) + "Residuals";

    /// <summary>The record of one run: <c>ForwardResiduals</c>.</summary>
    public static string Record(string method) => Identifier.Pascal(method) + "Residuals";

    /// <summary>The method that runs back: <c>Backward</c>, <c>EncodeBackward</c>.</summary>
    public static string Backward(string method) => method == "forward" ? "Backward" : method + "Backward";
}
