using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GShard;
using GShard.RankProgram;

// One rank of a program that adds numbers over all ranks, step after step, until a fault strikes one of them:
//   RankProgram FAULT [RANK]
// or that holds every collective of every axis against its definition:
//   RankProgram collectives AXES
// or that trains a generated model, on a mesh of DATA by MODEL ranks, which are processes or the threads of one:
//   RankProgram train DATA MODEL [threads]
var fault = args.Length > 0 ? args[0] : "none";
if (fault == "train")
{
    (string, int)[] axes = [("data", int.Parse(args[1], CultureInfo.InvariantCulture)), ("model", int.Parse(args[2], CultureInfo.InvariantCulture))];
    if (args.Length > 3)
    {
        foreach (var lines in DeviceMesh.RunInProcess(axes, TrainedWeights.Of)) Console.WriteLine(string.Join('\n', lines));
        return 0;
    }
    DeviceMesh.RunFromEnvironment(axes, mesh => Console.WriteLine(string.Join('\n', TrainedWeights.Of(mesh))));
    return 0;
}
var victim = fault != "collectives" && args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var rank = DeviceMesh.Launched().Rank;
// What a start takes is counted from here: loading libtorch, which waits for the disk and the other ranks' loading, is no part of it.
TorchSharp.torch.zeros(1).Dispose();
Console.WriteLine($"begins at {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}");
if (fault == "absent" && rank == victim)
{
    Thread.Sleep(TimeSpan.FromMinutes(2));
    return 0;
}
using var squatter = new TcpListener(IPAddress.Any, int.Parse(Environment.GetEnvironmentVariable("MASTER_PORT")!, CultureInfo.InvariantCulture));
if (fault == "port" && rank == 0) squatter.Start();
try
{
    if (fault == "collectives")
    {
        var options = MeshOptions.FromEnvironment();
        var isOrdered = options.AllReduce == AllReduceOrder.Ordered || (options.AllReduce == AllReduceOrder.Automatic && options.Backend == "gloo");
        DeviceMesh.RunFromEnvironment(args[1] == "2" ? [("data", 2), ("expert", -1)] : [("data", -1)], mesh =>
        {
            var compared = mesh.Axes.Sum(axis => new EveryCollective(mesh.Axis(axis.Name), isOrdered).Run());
            Console.WriteLine($"rank {rank} compared {compared}");
        });
        return 0;
    }
    DeviceMesh.RunFromEnvironment([("data", -1)], mesh => new Steps(mesh, fault, victim).Run());
    Console.WriteLine($"rank {rank} is done");
    return 0;
}
catch (Exception e) when (e is LaunchException or CollectiveException)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}
