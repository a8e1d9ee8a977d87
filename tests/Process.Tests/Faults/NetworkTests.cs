namespace GShard.Process.Tests;

/// <summary>Ranks on two hosts.</summary>
public class NetworkTests
{
    [NetworkNamespaceFact]
    public void Ranks_on_two_hosts_compute_together()
    {
        using var hosts = new TwoHosts();
        using var run = new FaultRun("none", command: rank => hosts.On(rank == 0 ? 0 : 1), address: TwoHosts.Address(0));
        for (var rank = 0; rank < 3; rank++)
        {
            Assert.True(run[rank].Wait(TimeSpan.FromSeconds(90)), run.All());
            Assert.True(run[rank].ExitCode == 0, run.All());
        }
    }

    [NetworkNamespaceFact]
    public void A_rank_on_another_host_is_killed()
    {
        using var hosts = new TwoHosts();
        using var run = new FaultRun("killed", command: rank => hosts.On(rank == 0 ? 0 : 1), address: TwoHosts.Address(0), row: "host-killed");
        run.WaitForFault();
        run.OthersFailWith("rank 1", "ended without a word: it was killed, or has crashed");
    }

    [NetworkNamespaceFact]
    public void The_network_between_two_hosts_is_cut()
    {
        using var hosts = new TwoHosts();
        using var run = new FaultRun("cut", command: rank => hosts.On(rank == 0 ? 0 : 1), address: TwoHosts.Address(0));
        run.WaitForFault();
        hosts.Cut();
        run.Strike();
        run.FailWith([0, 1, 2], "has not answered for", "it is stopped, or cut off from");
    }
}
