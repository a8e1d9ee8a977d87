using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Checkpoints_of_modules
{
    /// <summary>A module of two parameters and a buffer, whole or as one rank's part.</summary>
    private sealed class Model : nn.Module
    {
        public Model(int seed, DeviceMesh? mesh = null, params Placement[] placements)
            : base(nameof(Model))
        {
            using var weight = new Parameter(Samples.Normal(seed, [6, 5, 4]));
            using var bias = new Parameter(Samples.Normal(seed + 1, [7], ScalarType.Float32));
            using var counts = Samples.Integers(seed + 2, [5], ScalarType.Int64);
            if (mesh is null)
            {
                register_parameter("weight", new Parameter(weight.detach().clone()));
                register_parameter("bias", new Parameter(bias.detach().clone()));
                register_buffer("counts", counts.clone());
            }
            else
            {
                register_parameter("weight", Shards.Parameter(weight, "weight", mesh, placements));
                register_parameter("bias", Shards.Parameter(bias, "bias", mesh, Placement.Replicate));
                register_buffer("counts", Shards.Buffer(counts, "counts", mesh, Placement.Split(0, mesh.Axes[0].Name, uneven: true)));
            }
        }

        public Tensor[] Tensors => [get_parameter("weight")!, get_parameter("bias")!, get_buffer("counts")!];
    }

    private static void Same(Model a, Model b)
    {
        foreach (var (x, y) in a.Tensors.Zip(b.Tensors)) Samples.Same(x.detach(), y.detach());
    }

    [Fact]
    public void A_plain_module_round_trips()
    {
        using var folder = new TemporaryFolder();
        using var saved = new Model(1);
        using var loaded = new Model(50);
        Checkpoint.Save(saved, folder["m"]);
        Checkpoint.Load(loaded, folder["m"]);
        Same(saved, loaded);
        Assert.Equal(["bias", "counts", "weight"], MinimalSafeTensors.Read(folder["m"]).Keys.Order());
    }

    [Fact]
    public void Any_mesh_writes_the_same_file_and_reads_any_other()
    {
        using var folder = new TemporaryFolder();
        using var plain = new Model(1);
        Checkpoint.Save(plain, folder["plain"]);
        var expected = File.ReadAllBytes(folder["plain"]);
        ((string, int)[], Placement[])[] meshes =
        [
            ([("a", 1)], [Placement.Split(0, "a")]),
            ([("a", 2)], [Placement.Split(2, "a")]),
            ([("a", 4)], [Placement.Split(1, "a", uneven: true)]),
            ([("a", 2), ("b", 2)], [Placement.Split(0, "a"), Placement.Split(2, "b")]),
            ([("a", 2), ("b", 2)], [Placement.Split(1, "a", uneven: true), Placement.Split(1, "b", uneven: true)]),
        ];
        foreach (var (axes, placements) in meshes)
        {
            DeviceMesh.RunInProcess(axes, mesh =>
            {
                using var sharded = new Model(1, mesh, placements);
                Checkpoint.Save(sharded, folder["sharded"], mesh);
                using var loaded = new Model(50, mesh, placements);
                Checkpoint.Load(loaded, folder["plain"], mesh);
                Same(sharded, loaded);
            });
            Assert.Equal(expected, File.ReadAllBytes(folder["sharded"]));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model(1);
        using var before = new Model(1);
        var good = new Dictionary<string, Tensor> { ["weight"] = Samples.Normal(9, [6, 5, 4]), ["bias"] = ones([7]), ["counts"] = ones([5], ScalarType.Int64) };

        void Refused(string message, Action<Dictionary<string, Tensor>> change)
        {
            var tensors = new Dictionary<string, Tensor>(good);
            change(tensors);
            SafeTensors.Save(folder["m"], tensors.Select(pair => (pair.Key, pair.Value)));
            Assert.Contains(message, Assert.Throws<CheckpointException>(() => Checkpoint.Load(model, folder["m"])).Message);
            Same(before, model);
        }

        Refused("lacks 'bias' of the model", tensors => tensors.Remove("bias"));
        Refused("has 'bias2', which the model lacks", tensors => tensors.Add("bias2", ones([1])));
        Refused("has 'bias' as f32[8], but the model's is f32[7]", tensors => tensors["bias"] = ones([8]));
        Refused("has 'counts' as f32[5], but the model's is i64[5]", tensors => tensors["counts"] = ones([5]));
    }

    /// <summary>One matrix as the embedding and as the head.</summary>
    private sealed class Tied : nn.Module
    {
        public Tied(int seed)
            : base(nameof(Tied))
        {
            Weight = new Parameter(Samples.Normal(seed, [3, 2]));
            register_module("embedding", new Holder(Weight));
            register_module("head", new Holder(Weight));
        }

        public Parameter Weight { get; }

        private sealed class Holder : nn.Module
        {
            public Holder(Parameter weight)
                : base(nameof(Holder)) => register_parameter("weight", weight);
        }
    }

    [Fact]
    public void A_tied_weight_is_saved_once_and_loads_under_any_of_its_names()
    {
        using var folder = new TemporaryFolder();
        using var model = new Tied(1);
        using var w = Samples.Normal(5, [3, 2]);
        Checkpoint.Save(model, folder["m"]);
        Assert.Equal(["embedding.weight"], MinimalSafeTensors.Read(folder["m"]).Keys);
        foreach (var names in (string[][])[["embedding.weight"], ["head.weight"], ["embedding.weight", "head.weight"]])
        {
            using var loaded = new Tied(2);
            SafeTensors.Save(folder["names"], names.Select(name => (name, w)));
            Checkpoint.Load(loaded, folder["names"]);
            Samples.Same(w, loaded.Weight.detach());
        }
        SafeTensors.Save(folder["differ"], [("embedding.weight", w), ("head.weight", zeros_like(w))]);
        Assert.Contains("has different 'embedding.weight' and 'head.weight', which are one tensor", Assert.Throws<CheckpointException>(() => Checkpoint.Load(model, folder["differ"])).Message);
    }

    [Fact]
    public void One_rank_that_cannot_read_leaves_all_unchanged()
    {
        using var folder = new TemporaryFolder();
        using var plain = new Model(1);
        Checkpoint.Save(plain, folder["m"]);
        var failure = Assert.Throws<RankFailedException>(() => DeviceMesh.RunInProcess([("a", 2)], mesh =>
        {
            using var model = new Model(50, mesh, Placement.Split(0, "a"));
            using var before = new Model(50, mesh, Placement.Split(0, "a"));
            try
            {
                Checkpoint.Load(model, mesh.Rank == 1 ? folder["other"] : folder["m"], mesh);
            }
            finally
            {
                Same(before, model);
            }
        }));
        Assert.Contains("cannot be read", failure.Message);
        Assert.EndsWith("(rank 1)", failure.Message);
    }

    [Fact]
    public void A_sharded_module_without_its_mesh_is_refused() => DeviceMesh.RunInProcess([("a", 2)], mesh =>
    {
        using var model = new Model(1, mesh, Placement.Split(0, "a"));
        Assert.Contains("'weight' is one part of a sharded tensor", Assert.Throws<ArgumentNullException>(() => Checkpoint.Save(model, "never")).Message);
    });
}
