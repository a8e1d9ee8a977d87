using GShard;
using Sample.Model;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Sample.Tests.Equivalence;

/// <summary>A small translation Transformer with every part of the large one, its batches, and its gradients by name.</summary>
internal static class SmallModel
{
    /// <summary>15 sentences lie unevenly on 2, 4 and 8 ranks.</summary>
    private const int Sentences = 15;

    public static Transformer Create(bool smooth, ScalarType dtype, bool dense = false)
    {
        manual_seed(5);
        var model = new Transformer(new ModelOptions
        {
            Width = 16,
            Hidden = 24,
            Heads = 2,
            Layers = 2,
            Experts = 8,
            Dense = dense,
            Dropout = 0.1,
            Smooth = smooth,
            LabelSmoothing = 0.1,
            AuxiliaryWeight = 0.5,
            MaxLength = 12,
            SourceVocabulary = 17,
            TargetVocabulary = 13,
        });
        model.to(dtype);
        model.train();
        return model;
    }

    /// <summary>Sentences of 3 to 9 tokens, padded with 0: source, what the decoder is given, what it is to say.</summary>
    public static (Tensor Source, Tensor Target, Tensor Expected) Batch(int step)
    {
        var random = new Random(100 + step);
        return (Tokens(random, 9, 17), Tokens(random, 7, 13), Tokens(random, 7, 13));
    }

    /// <summary>One step of the plain module under libtorch's autograd: the oracle.</summary>
    public static StepResult PlainStep(Transformer plain, int step)
    {
        CounterRandom.BeginStep(step);
        plain.zero_grad();
        var (source, target, expected) = Batch(step);
        var (loss, auxLoss, load, dropped) = plain.forward(source, target, expected);
        loss.backward();
        return StepResult.Of(loss, auxLoss, load, dropped, plain.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad));
    }

    /// <summary>One step of this rank's part; the gradients are those of the whole parameters, gathered.</summary>
    public static StepResult ShardedStep(Transformer.Sharded sharded, DeviceMesh mesh, int step)
    {
        CounterRandom.BeginStep(step);
        sharded.zero_grad();
        var (source, target, expected) = Batch(step);
        var (loss, auxLoss, load, dropped) = sharded.forward(
            mesh.Scatter(source, 0, "expert"), mesh.Scatter(target, 0, "expert"), mesh.Scatter(expected, 0, "expert"));
        sharded.Backward(ones_like(loss), zeros_like(auxLoss));
        return StepResult.Of(loss, auxLoss, load, dropped, sharded.named_parameters().ToDictionary(p => p.name, p => Whole(p.parameter, mesh)));
    }

    private static Tensor? Whole(Parameter parameter, DeviceMesh mesh)
    {
        if (parameter.grad is not { } gradient) return null;
        var placement = ParameterSharding.Of(parameter)!.Placements.FirstOrDefault(p => p.IsSplit);
        return placement.IsSplit ? mesh.Gather(gradient, placement.Dim, "expert") : gradient;
    }

    private static Tensor Tokens(Random random, int length, int vocabulary)
    {
        var tokens = new long[Sentences, length];
        for (var row = 0; row < Sentences; row++)
            for (var column = 0; column < random.Next(3, length + 1); column++) tokens[row, column] = random.Next(1, vocabulary);
        return tensor(tokens);
    }
}
