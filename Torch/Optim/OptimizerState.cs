namespace TorchSharp.Modules;

/// <summary>What an optimizer keeps for one parameter between steps.</summary>
public abstract class OptimizerState
{
    protected Parameter _parameter;

    protected OptimizerState(Parameter parameter) => _parameter = parameter;

    internal Parameter Parameter => _parameter;

    public abstract void Initialize(OptimizerOptions options);

    public abstract void SaveStateDict(BinaryWriter writer);

    public abstract void LoadStateDict(BinaryReader reader);

    public abstract void LoadStateDict(OptimizerState source);

    public virtual bool ApproximatelyEquals(OptimizerState other) => false;

    public virtual void to(Device device)
    {
    }

    // Tensors of the state live as long as the optimizer, in whatever scope the step runs.
    private protected Tensor Zeros() => Kept(_parameter.zeros_like());

    private protected static Tensor Kept(Tensor tensor) => tensor.DetachFromDisposeScope();

    private protected static void Assign(ref Tensor? target, Tensor? source)
    {
        target?.Dispose();
        target = source is null ? null : Kept(source.clone());
    }

    private protected static void Move(ref Tensor? tensor, Device device)
    {
        if (tensor is null) return;
        var moved = tensor.to(device);
        if (ReferenceEquals(moved, tensor)) return;
        tensor.Dispose();
        tensor = Kept(moved);
    }

    private protected static bool Near(Tensor? left, Tensor? right) =>
        left is null || right is null ? left is null && right is null : left.allclose(right);

    protected static void SaveConditionalStateTensor(BinaryWriter writer, Tensor? tensor)
    {
        writer.Write(tensor is not null);
        tensor?.Save(writer);
    }

    protected static void LoadConditionalStateTensor(BinaryReader reader, ref Tensor? result, Device device)
    {
        result?.Dispose();
        result = null;
        if (!reader.ReadBoolean()) return;
        using var loaded = TensorStream.Read(reader);
        result = Kept(loaded.to(device, copy: true));
    }
}
