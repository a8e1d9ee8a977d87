using System.Globalization;
using GShard;
using Sample.Model;
using Sample.Model.CommandLine;

const int badInput = 2;
const int failed = 1;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
try
{
    return new SampleCommand().Run(args);
}
catch (RankFailedException e) when (e.InnerException is InputException or CheckpointException)
{
    Console.Error.WriteLine(e.InnerException.Message);
    return badInput;
}
catch (Exception e) when (e is InputException or CheckpointException)
{
    Console.Error.WriteLine(e.Message);
    return badInput;
}
catch (Exception e) when (e is LaunchException or CollectiveException)
{
    Console.Error.WriteLine(e.Message);
    return failed;
}
