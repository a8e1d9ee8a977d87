using System.CommandLine;

namespace GShard.Tool.Launch;

/// <summary>What of a command line is the launcher's and what the program's: the first that is no option is the program, and all behind it is the program's own.</summary>
/// <param name="Own">The launcher's options and the program.</param>
/// <param name="Program">The program's arguments, options of whatever name too.</param>
internal sealed record LaunchArguments(string[] Own, string[] Program)
{
    /// <summary>Divides the arguments behind <c>launch</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="options">The launcher's options, each of which has a value.</param>
    /// <exception cref="LaunchInputException">There is an option that the launcher does not have, or no program.</exception>
    public static LaunchArguments Of(string[] arguments, IEnumerable<Option> options)
    {
        var known = options.ToList();
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument is "-h" or "-?" or "--help") return new([argument], []);
            if (argument == "--" && i + 1 < arguments.Length) return new([.. arguments[..i], .. arguments[(i + 1)..].Take(1)], arguments[(i + 2)..]);
            if (!argument.StartsWith('-')) return new(arguments[..(i + 1)], arguments[(i + 1)..]);
            var name = argument.Split('=', ':')[0];
            if (known.Any(option => IsNamed(option, name)))
            {
                if (name == argument) i++;
                continue;
            }
            // -n4
            if (argument.Length > 2 && argument[1] != '-' && char.IsDigit(argument[2]) && known.Any(option => IsNamed(option, argument[..2]))) continue;
            throw new LaunchInputException($"there is no option {name}; before the program there can be {string.Join(", ", known.Select(Names))}, and behind it the program's own.");
        }
        throw new LaunchInputException("no program is named; an example is: gshard launch -n 4 app.dll");
    }

    private static bool IsNamed(Option option, string name) => option.Name == name || option.Aliases.Contains(name);

    private static string Names(Option option) => option.Aliases.Count == 0 ? option.Name : $"{option.Name} ({string.Join(", ", option.Aliases)})";
}
