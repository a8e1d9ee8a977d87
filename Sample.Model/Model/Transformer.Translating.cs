using static TorchSharp.torch;

namespace Sample.Model;

public sealed partial class Transformer
{
    /// <summary>What the encoder makes of <paramref name="source"/> [B, S], [B, S, M], and where that is padding, [B, 1, 1, S].</summary>
    public (Tensor memory, Tensor padding) Encode(Tensor source)
    {
        using var scope = NewDisposeScope();
        var padding = source.eq(0).unsqueeze(1).unsqueeze(2);
        var x = source_embedding.forward(source) + source_positions.narrow(0, 0, source.shape[1]);
        foreach (var layer in dense_encoder)
            x = layer.forward(x, padding);
        foreach (var pair in encoder)
            x = pair.forward(x, padding).output;
        return (encoder_norm.forward(x).MoveToOuterDisposeScope(), padding.MoveToOuterDisposeScope());
    }

    /// <summary>The scores [B, W] of each character to come after <paramref name="target"/> [B, T], which holds no padding.</summary>
    public Tensor Next(Tensor target, Tensor memory, Tensor padding)
    {
        using var scope = NewDisposeScope();
        var length = target.shape[1];
        var none = zeros(target.shape[0], 1, 1, length, dtype: ScalarType.Bool);
        var y = target_embedding.forward(target) + target_positions.narrow(0, 0, length);
        foreach (var layer in dense_decoder)
            y = layer.forward(y, none, memory, padding);
        foreach (var pair in decoder)
            y = pair.forward(y, none, memory, padding).output;
        var last = y.select(1, length - 1);
        return projection.forward(decoder_norm.forward(last)).MoveToOuterDisposeScope();
    }
}
