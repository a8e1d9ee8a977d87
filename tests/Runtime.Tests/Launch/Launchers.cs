namespace GShard.Runtime.Tests;

/// <summary>What each launcher sets is documented by it; the values here are as it sets them on its second process or host.</summary>
public class Launchers
{
    private static LaunchInfo Read(params string[] variables) => Read(Variables(variables));

    private static LaunchInfo Read(Dictionary<string, string> variables) => LaunchEnvironment.Read(variables.GetValueOrDefault);

    private static Dictionary<string, string> Variables(string[] variables) => variables.Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);

    private static string Refused(params string[] variables) => Assert.Throws<LaunchException>(() => Read(variables)).Message;

    [Fact]
    public void A_process_without_a_launcher_is_alone()
    {
        var launch = Read();
        Assert.Equal(("no launcher", 0, 1), (launch.Launcher, launch.Rank, launch.Ranks));
    }

    [Fact]
    public void Torchrun_with_its_own_store_leaves_the_ports_beside_it()
    {
        var launch = Read(
            "RANK=5", "WORLD_SIZE=8", "LOCAL_RANK=1", "LOCAL_WORLD_SIZE=4", "GROUP_RANK=1", "MASTER_ADDR=node0", "MASTER_PORT=29400",
            "TORCHELASTIC_RUN_ID=job7", "TORCHELASTIC_RESTART_COUNT=2", "TORCHELASTIC_USE_AGENT_STORE=True");
        Assert.Equal(("torchrun", 5, 8, "node0", "job7.2"), (launch.Launcher, launch.Rank, launch.Ranks, launch.Address, launch.Run));
        Assert.Equal((1, 4), (launch.LocalRank, launch.LocalRanks));
        Assert.Equal([29401, 29402, 29403, 29404, 29405, 29406, 29407, 29408], launch.Ports);
    }

    [Fact]
    public void Torchrun_without_its_own_store_leaves_the_master_port()
    {
        Assert.Equal([29400], Read("RANK=0", "WORLD_SIZE=2", "MASTER_ADDR=a", "MASTER_PORT=29400", "TORCHELASTIC_USE_AGENT_STORE=False").Ports);
        Assert.Equal([777], Read("RANK=0", "WORLD_SIZE=2", "MASTER_ADDR=a", "MASTER_PORT=29400", "TORCHELASTIC_USE_AGENT_STORE=True", "GSHARD_PORT=777").Ports);
    }

    [Fact]
    public void Kubeflow_1_sets_no_local_rank()
    {
        var launch = Read("RANK=1", "WORLD_SIZE=3", "MASTER_ADDR=job-master-0", "MASTER_PORT=23456");
        Assert.Equal((1, 3, "job-master-0", (int?)null), (launch.Rank, launch.Ranks, launch.Address, launch.LocalRank));
        Assert.Equal([23456], launch.Ports);
    }

    [Fact]
    public void Srun_names_the_first_host_and_the_tasks_of_each()
    {
        var launch = Read(
            "SLURM_JOB_ID=42", "SLURM_STEP_ID=1", "SLURM_PROCID=6", "SLURM_NTASKS=7", "SLURM_STEP_NUM_TASKS=7", "SLURM_LOCALID=2", "SLURM_NODEID=1",
            "SLURM_NNODES=2", "SLURM_JOB_NODELIST=gpu[03-04]", "SLURM_STEP_TASKS_PER_NODE=4,3");
        Assert.Equal(("srun", 6, 7, "gpu03", "slurm.42.1.0"), (launch.Launcher, launch.Rank, launch.Ranks, launch.Address, launch.Run));
        Assert.Equal((2, 3), (launch.LocalRank, launch.LocalRanks));
        Assert.InRange(Assert.Single(launch.Ports), 20000, 29999);
        Assert.Equal(4, Read("SLURM_JOB_ID=42", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=8", "SLURM_NODEID=1", "SLURM_NNODES=2", "SLURM_NODELIST=a,b", "SLURM_STEP_TASKS_PER_NODE=4(x2)").LocalRanks);
    }

    [Fact]
    public void A_batch_script_outside_srun_is_alone() => Assert.Equal(1, Read("SLURM_JOB_ID=42", "SLURM_NTASKS=8", "SLURM_PROCID=0").Ranks);

    [Theory]
    [InlineData("login1", "login1")]
    [InlineData("gpu[01-04,07],login1", "gpu01")]
    [InlineData("gpu[7,9]-ib", "gpu7-ib")]
    [InlineData("r[1-2]n[05-06]", "r1n05")]
    [InlineData("a-b,c", "a-b")]
    public void The_first_of_slurm_s_hosts(string list, string first) => Assert.Equal(first, SlurmNodeList.First(list));

    [Fact]
    public void Open_mpi_on_one_host_needs_no_address()
    {
        var launch = Read("OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_RANK=1", "OMPI_COMM_WORLD_LOCAL_SIZE=2", "PMIX_NAMESPACE=3131@1");
        Assert.Equal((1, 2, "127.0.0.1", "ompi.3131@1"), (launch.Rank, launch.Ranks, launch.Address, launch.Run));
        Assert.Contains("set MASTER_ADDR", Refused("OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_LOCAL_SIZE=2"));
        Assert.Contains("OMPI_COMM_WORLD_SIZE is not set", Refused("OMPI_COMM_WORLD_RANK=1"));
    }

    [Fact]
    public void Pmi_is_read_behind_open_mpi()
    {
        var launch = Read("PMI_RANK=3", "PMI_SIZE=4", "MPI_LOCALRANKID=1", "MPI_LOCALNRANKS=2", "MASTER_ADDR=n0", "MASTER_PORT=1234");
        Assert.Equal((3, 4, "n0", (int?)1, (int?)2), (launch.Rank, launch.Ranks, launch.Address, launch.LocalRank, launch.LocalRanks));
        Assert.Equal(0, Read("PMI_RANK=3", "PMI_SIZE=4", "OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_SIZE=2").Rank);
    }

    [Fact]
    public void Kubeflow_2_sets_torchrun_s_options()
    {
        string[] variables = ["PET_NNODES=2", "PET_NODE_RANK=1", "PET_MASTER_ADDR=job-node-0-0.job", "PET_MASTER_PORT=29400"];
        var launch = Read([.. variables, "PET_NPROC_PER_NODE=1"]);
        Assert.Equal((1, 2, "job-node-0-0.job"), (launch.Rank, launch.Ranks, launch.Address));
        Assert.Contains("start them with gshard launch", Refused([.. variables, "PET_NPROC_PER_NODE=8"]));
    }

    [Fact]
    public void An_indexed_job_says_the_number_of_ranks_itself()
    {
        Assert.Equal((2, 3, "job-0.svc"), Read("JOB_COMPLETION_INDEX=2", "WORLD_SIZE=3", "MASTER_ADDR=job-0.svc") is var launch ? (launch.Rank, launch.Ranks, launch.Address) : default);
        Assert.Contains("GSHARD_RANKS is not set", Refused("JOB_COMPLETION_INDEX=2"));
    }

    [Fact]
    public void Half_of_an_environment_is_no_process_alone()
    {
        Assert.Equal(
            "WORLD_SIZE is 4, but RANK is not set; set RANK to this process's number from 0, start the ranks by a launcher, or clear WORLD_SIZE for a process alone.",
            Refused("WORLD_SIZE=4", "MASTER_ADDR=a"));
        Assert.Equal(
            "RANK is 1, but WORLD_SIZE is not set; set WORLD_SIZE to the number of ranks, start the ranks by a launcher, or clear RANK for a process alone.",
            Refused("RANK=1"));
        Assert.Contains("WORLD_SIZE is 'x', which is no number", Refused("WORLD_SIZE=x"));
        Assert.Equal(1, Read("WORLD_SIZE=1").Ranks);
        Assert.Equal((0, 2), Read("WORLD_SIZE=9", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=2", "SLURM_NNODES=1") is var srun ? (srun.Rank, srun.Ranks) : default);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Assert.Contains("rank 4 of 4", Refused("RANK=4", "WORLD_SIZE=4", "MASTER_ADDR=a"));
        Assert.Contains("RANK is 'x', which is no number", Refused("RANK=x", "WORLD_SIZE=4"));
    }
}
