using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GShard.Runtime.Tests;

/// <summary>512 experts of 2 · 8,192 · 32,768 weights each, and a table of 262,144 rows: 1.1 TB.</summary>
[Sharded, Mesh("expert"), Mesh("model")]
internal sealed partial class Giant : Module<Tensor, Tensor>
{
    [Split(0, "expert"), Split(2, "model"), Shape("E M H")] private readonly Parameter wi = Initialize.XavierUniform([512, 8192, 32768], device: META);
    [Split(0, "expert"), Split(1, "model"), Shape("E H M")] private readonly Parameter wo = Initialize.Normal([512, 32768, 8192], std: 0.01, device: META);
    [Split(0, "model"), Shape("V M")] private readonly Parameter table = Initialize.Normal([262144, 8192], device: META);
    [Shape("M")] private readonly LayerNorm norm = LayerNorm([8192], device: META);

    public Giant()
        : base(nameof(Giant))
    {
        RegisterComponents();
        Initialize.Module(this);
    }

    /// <summary>Each expert's tokens through its two layers.</summary>
    [return: Split(0, "expert")]
    public override Tensor forward([Split(0, "expert"), Shape("E C M")] Tensor x) =>
        norm.forward(einsum("ECH,EHM->ECM", einsum("ECM,EMH->ECH", x, wi).relu(), wo));
}
