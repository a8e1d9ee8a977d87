using System.Text.RegularExpressions;

namespace GShard.Generator.Writing;

/// <summary>
/// How an operator is written in C#, as a pattern: <c>{0}</c> is an operand, <c>{*}</c> all of them, <c>{key}</c> a constant as an argument,
/// <c>{(key)}</c> a constant as an operand of an infix operator, <c>{[key]}</c> a list of sizes as an array, <c>{type}</c> the element type,
/// <c>{key|default}</c> a constant that may be absent, <c>{key?}</c> a named argument that may be absent, with the comma before it.
/// </summary>
internal sealed record Expression(string Operator, Func<OperationText, string> Print)
{
    private static readonly Regex Hole = new(@"\{([^{} ]+)\}", RegexOptions.CultureInvariant);

    public Expression(string name, string pattern)
        : this(name, operation => Hole.Replace(pattern, hole => Fill(hole.Groups[1].Value, operation)))
    {
    }

    private static string Fill(string hole, OperationText operation) => hole switch
    {
        "*" => operation.All,
        "type" => operation.ScalarType(),
        "device" => operation.Device,
        ['(', ..] => operation.Operand(hole.Trim('(', ')')),
        ['[', ..] => operation.Array(hole.Trim('[', ']')),
        [>= '0' and <= '9'] => operation[hole[0] - '0'],
        [.., '?'] => hole.TrimEnd('?') is var key && operation.Has(key) ? $", {key}: {operation.Argument(key)}" : "",
        _ when hole.IndexOf('|') is var at and >= 0 => operation.Argument(hole.Substring(0, at), hole.Substring(at + 1)),
        _ => operation.Argument(hole),
    };
}
