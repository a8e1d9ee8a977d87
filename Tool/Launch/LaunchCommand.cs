using System.CommandLine;

namespace GShard.Tool.Launch;

/// <summary><c>gshard launch -n 4 app.dll arguments…</c>: starts the ranks of a program on this machine.</summary>
internal static class LaunchCommand
{
    private const int BadInput = 2;

    /// <summary>Runs <c>gshard launch</c>; the result is the exit code.</summary>
    /// <param name="arguments">What stands behind <c>launch</c>.</param>
    public static int Run(string[] arguments)
    {
        try
        {
            var (own, program) = LaunchArguments.Of(arguments, Create([]).Options);
            var parsed = new RootCommand { Create(program) }.Parse(["launch", .. own]);
            return parsed.Errors.Count > 0 ? Refuse(parsed.Errors[0].Message) : parsed.Invoke();
        }
        catch (LaunchInputException e)
        {
            return Refuse(e.Message);
        }
    }

    /// <summary>The command.</summary>
    /// <param name="programArguments">What the program is given.</param>
    public static Command Create(string[] programArguments)
    {
        var count = new Option<int?>("--ranks", "-n") { Description = "Processes to start on this machine; one for each core, or as Kubeflow asks, unless given.", HelpName = "n" };
        var hosts = new Option<int>("--hosts") { Description = "Machines that take part.", HelpName = "n", DefaultValueFactory = _ => 1 };
        var host = new Option<int>("--host") { Description = "Which of them this is, from 0.", HelpName = "i", DefaultValueFactory = _ => 0 };
        var address = new Option<string?>("--address") { Description = "Name or address of host 0; needed with several hosts.", HelpName = "name" };
        var port = new Option<int?>("--port") { Description = "Port at which rank 0 is found; any free one on a single host.", HelpName = "n" };
        var grace = new Option<double>("--grace") { Description = "Seconds that the other ranks have to end after a failure or a signal.", HelpName = "s", DefaultValueFactory = _ => 10 };
        var program = new Argument<string>("program") { Description = "app.dll, or any executable; options of the launcher stand before it." };
        var arguments = new Argument<string[]>("arguments") { Description = "Its arguments.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("launch", "Starts the ranks of a program on this machine, each as a process; the first failure ends all and is shown.")
        {
            count, hosts, host, address, port, grace, program, arguments,
        };
        command.SetAction(parsed =>
        {
            try
            {
                var plan = LaunchPlan.Of(
                    Environment.GetEnvironmentVariable, parsed.GetValue(count), parsed.GetValue(hosts), parsed.GetValue(host), parsed.GetValue(address), parsed.GetValue(port),
                    parsed.GetValue(program)!, programArguments);
                return new RankProcesses(plan, TimeSpan.FromSeconds(parsed.GetValue(grace))).Run();
            }
            catch (LaunchInputException e)
            {
                return Refuse(e.Message);
            }
        });
        return command;
    }

    // Says what is wrong with the command line.
    private static int Refuse(string message)
    {
        Console.Error.WriteLine($"gshard launch: {message}");
        return BadInput;
    }
}
