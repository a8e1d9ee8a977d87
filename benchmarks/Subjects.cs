using Sample.Model;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard.Benchmarks;

/// <summary>The layer and the model, plain under libtorch's autograd and generated. All draw the same inputs.</summary>
internal static class Subjects
{
    private const string Axis = "expert";

    public static ISubject Create(Sizes sizes, bool plain, nn.Module whole, DeviceMesh mesh) => (sizes.What, plain) switch
    {
        ("moe", true) => new PlainLayer(sizes, (MoeFeedForward)whole),
        ("moe", false) => new ShardedLayer(sizes, (MoeFeedForward)whole, mesh),
        (_, true) => new PlainModel(sizes, (Transformer)whole),
        (_, false) => new ShardedModel(sizes, (Transformer)whole, mesh),
    };

    public static nn.Module CreateModule(Sizes sizes)
    {
        manual_seed(1);
        return sizes.What == "moe" ? new MoeFeedForward(sizes.Model) : new Transformer(sizes.Model);
    }

    private sealed class PlainLayer(Sizes sizes, MoeFeedForward layer) : ISubject
    {
        private readonly Tensor inputs = Numbers(sizes, 1).requires_grad_();
        private readonly Tensor direction = Numbers(sizes, 2);

        public IEnumerable<Parameter> Parameters => layer.parameters();

        public void Step()
        {
            using var scope = NewDisposeScope();
            layer.zero_grad();
            inputs.grad = null;
            var (output, auxLoss, _, _) = layer.forward(inputs);
            ((output * direction).sum() + auxLoss * sizes.Model.AuxiliaryWeight).backward();
        }

        public void Dispose()
        {
            inputs.Dispose();
            direction.Dispose();
        }
    }

    private sealed class ShardedLayer(Sizes sizes, MoeFeedForward plain, DeviceMesh mesh) : ISubject
    {
        private readonly MoeFeedForward.Sharded layer = plain.Shard(mesh);
        private readonly Tensor inputs = mesh.Scatter(Numbers(sizes, 1), 0, Axis);
        private readonly Tensor direction = mesh.Scatter(Numbers(sizes, 2), 0, Axis);
        private readonly Tensor weight = tensor((float)sizes.Model.AuxiliaryWeight);

        public IEnumerable<Parameter> Parameters => layer.parameters();

        public void Step()
        {
            using var scope = NewDisposeScope();
            layer.zero_grad();
            layer.forward(inputs);
            layer.Backward(direction, weight);
        }

        public void Dispose()
        {
            layer.Dispose();
            inputs.Dispose();
            direction.Dispose();
            weight.Dispose();
        }
    }

    private sealed class PlainModel(Sizes sizes, Transformer model) : ISubject
    {
        private readonly (Tensor Source, Tensor Target, Tensor Expected) batch = Sentences(sizes);

        public IEnumerable<Parameter> Parameters => model.parameters();

        public void Step()
        {
            using var scope = NewDisposeScope();
            model.zero_grad();
            model.forward(batch.Source, batch.Target, batch.Expected).loss.backward();
        }

        public void Dispose()
        {
            batch.Source.Dispose();
            batch.Target.Dispose();
            batch.Expected.Dispose();
        }
    }

    private sealed class ShardedModel : ISubject
    {
        private readonly Transformer.Sharded model;
        private readonly Tensor source, target, expected, one, zero;

        public ShardedModel(Sizes sizes, Transformer plain, DeviceMesh mesh)
        {
            model = plain.Shard(mesh);
            var batch = Sentences(sizes);
            source = mesh.Scatter(batch.Source, 0, Axis);
            target = mesh.Scatter(batch.Target, 0, Axis);
            expected = mesh.Scatter(batch.Expected, 0, Axis);
            one = ones([]);
            zero = zeros([]);
        }

        public IEnumerable<Parameter> Parameters => model.parameters();

        public void Step()
        {
            using var scope = NewDisposeScope();
            model.zero_grad();
            model.forward(source, target, expected);
            model.Backward(one, zero);
        }

        public void Dispose()
        {
            model.Dispose();
            foreach (var tensor in (Tensor[])[source, target, expected, one, zero])
                tensor.Dispose();
        }
    }

    private static Tensor Numbers(Sizes sizes, long seed)
    {
        manual_seed(seed);
        return randn(sizes.Batch, sizes.Source, sizes.Width);
    }

    private static (Tensor Source, Tensor Target, Tensor Expected) Sentences(Sizes sizes)
    {
        manual_seed(3);
        return (
            randint(4, sizes.SourceVocabulary, [sizes.Batch, sizes.Source], ScalarType.Int64),
            randint(4, sizes.TargetVocabulary, [sizes.Batch, sizes.Target], ScalarType.Int64),
            randint(4, sizes.TargetVocabulary, [sizes.Batch, sizes.Target], ScalarType.Int64));
    }
}
