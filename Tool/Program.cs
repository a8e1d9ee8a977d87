using System.CommandLine;
using GShard.Tool.Launch;

if (args is ["launch", .. var arguments]) return LaunchCommand.Run(arguments);
return new RootCommand("GShard's command line.") { LaunchCommand.Create([]) }.Parse(args).Invoke();
