using System.CommandLine;

namespace GShard.Tool.Launch;

/// <summary><c>gshard launch -n 4 app.dll arguments…</c>: starts the ranks of a program on this machine.</summary>
internal static class LaunchCommand
{
    private const int BadInput = 2;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var count = new Option<int?>("--ranks", "-n") { Description = "Processes to start on this machine; one for each core, or as Kubeflow asks, unless given.", HelpName = "n" };
        var hosts = new Option<int>("--hosts") { Description = "Machines that take part.", HelpName = "n", DefaultValueFactory = _ => 1 };
        var host = new Option<int>("--host") { Description = "Which of them this is, from 0.", HelpName = "i", DefaultValueFactory = _ => 0 };
        var address = new Option<string?>("--address") { Description = "Name or address of host 0; needed with several hosts.", HelpName = "name" };
        var port = new Option<int?>("--port") { Description = "Port at which rank 0 is found; any free one on a single host.", HelpName = "n" };
        var grace = new Option<double>("--grace") { Description = "Seconds that the other ranks have to end after a failure or a signal.", HelpName = "s", DefaultValueFactory = _ => 10 };
        var program = new Argument<string>("program") { Description = "app.dll, or any executable." };
        var arguments = new Argument<string[]>("arguments") { Description = "Its arguments.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("launch", "Starts the ranks of a program on this machine, each as a process; the first failure ends all and is shown.")
        {
            count, hosts, host, address, port, grace, program, arguments,
        };
        // What follows the program is the program's, options too.
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(parsed =>
        {
            try
            {
                var plan = LaunchPlan.Of(
                    Environment.GetEnvironmentVariable, parsed.GetValue(count), parsed.GetValue(hosts), parsed.GetValue(host), parsed.GetValue(address), parsed.GetValue(port),
                    parsed.GetValue(program)!, [.. parsed.GetValue(arguments) ?? [], .. parsed.UnmatchedTokens]);
                return new RankProcesses(plan, TimeSpan.FromSeconds(parsed.GetValue(grace))).Run();
            }
            catch (LaunchInputException e)
            {
                return Refuse(e.Message);
            }
        });
        return command;
    }

    /// <summary>Says what is wrong with the command line.</summary>
    public static int Refuse(string message)
    {
        Console.Error.WriteLine($"gshard launch: {message}");
        return BadInput;
    }
}
