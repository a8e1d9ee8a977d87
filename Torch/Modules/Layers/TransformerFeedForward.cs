namespace TorchSharp.Modules;

/// <summary>What the layers of a Transformer have in common: two linear maps with an activation between, and dropout.</summary>
internal sealed class TransformerFeedForward(long width, long hidden, double dropout, nn.Activations activation)
{
    private readonly Linear linear1 = nn.Linear(width, hidden);
    private readonly Linear linear2 = nn.Linear(hidden, width);

    internal void Register(nn.Module layer)
    {
        layer.register_module(nameof(linear1), linear1);
        layer.register_module(nameof(linear2), linear2);
    }

    internal Tensor Forward(Tensor x, bool training)
    {
        var inner = linear1.call(x);
        return linear2.call(Dropped(activation == nn.Activations.GELU ? inner.gelu() : inner.relu(), training));
    }

    internal Tensor Dropped(Tensor x, bool training) => training && dropout > 0 ? nn.functional.dropout(x, dropout) : x;
}
