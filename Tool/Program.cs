using System.CommandLine;
using GShard.Tool.Launch;

var root = new RootCommand("GShard's command line.") { LaunchCommand.Create() };
var parsed = root.Parse(args);
return parsed.Errors.Count > 0 && args is ["launch", ..] ? LaunchCommand.Refuse(parsed.Errors[0].Message) : parsed.Invoke();
