using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace GShard.Generator.Writing;

internal static partial class Expressions
{
    // In the text of a call, $0 is an operand, $d0 a cotangent.
    private static readonly Regex Place = new(@"\$(d?)(\d+)", RegexOptions.CultureInvariant);

    private static ImmutableArray<Expression> UserFunctions =>
    [
        new("user_function", o => Place.Replace(o.Argument("call"), m => o[Number(m)])),
        new("user_function_backward", Backward),
    ];

    private static string Backward(OperationText o)
    {
        var cotangents = int.Parse(o.Argument("cotangents"), System.Globalization.CultureInfo.InvariantCulture);
        if (o.Has("backward")) return Place.Replace(o.Argument("backward"), m => o[m.Groups[1].Length > 0 ? Number(m) : cotangents + Number(m)]);
        var call = Place.Replace(o.Argument("call"), m => $"x[{m.Groups[2].Value}]");
        string List(int from, int to) => string.Join(", ", Enumerable.Range(from, to - from).Select(i => o[i]));
        var results = o.Argument("results").Split([", "], StringSplitOptions.None);
        var count = int.Parse(o.Argument("count"), System.Globalization.CultureInfo.InvariantCulture);
        // Of several results those that are floating-point are differentiated.
        var body = count == 1
            ? $"new[] {{ {call} }}"
            : $"{{ var ({string.Join(", ", Enumerable.Range(0, count).Select(i => results.Contains(Text(i)) ? "y" + i : "_"))}) = {call}; return new[] {{ {string.Join(", ", results.Select(r => "y" + r))} }}; }}";
        var made = $"LocalBackward.Run(x => {body}, new[] {{ {List(0, cotangents)} }}, new[] {{ {List(cotangents, o.Count)} }})";
        return o.Results == 1 ? made + "[0]" : made;
    }

    private static int Number(Match place) => int.Parse(place.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
}
