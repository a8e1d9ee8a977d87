using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// Adafactor's moving averages of squared gradients: this rank's part of the row and column means of a parameter of two dims or more,
/// of the elements themselves otherwise.
/// </summary>
internal sealed class AdafactorState(Parameter parameter) : OptimizerState(parameter), IDisposable
{
    /// <summary>Means over the last dim.</summary>
    public Tensor? Rows;

    /// <summary>Means over the last dim but one.</summary>
    public Tensor? Columns;

    /// <summary>The elements' averages, where nothing is factored.</summary>
    public Tensor? Full;

    /// <summary>Updates so far.</summary>
    public long Step;

    /// <summary>The type that averages are kept in.</summary>
    public ScalarType Dtype => _parameter.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>The dim that a field's means are taken over, of a parameter of some dims; null for averages of the parameter's shape.</summary>
    public static int? MeanOver(string field, int dims) => field switch
    {
        nameof(Rows) => dims - 1,
        nameof(Columns) => dims - 2,
        _ => null,
    };

    /// <summary>Moves an average towards a new value and returns it.</summary>
    public Tensor Moving(ref Tensor? average, Tensor value, double decay)
    {
        if (average is null) average = value.alias().DetachFromDisposeScope();
        else average.mul_(decay).add_(value, 1 - decay);
        return average;
    }

    public override void Initialize(OptimizerOptions options)
    {
        Dispose();
        Step = 0;
    }

    public override void SaveStateDict(BinaryWriter writer)
    {
        writer.Write(Step);
        SaveConditionalStateTensor(writer, Rows!);
        SaveConditionalStateTensor(writer, Columns!);
        SaveConditionalStateTensor(writer, Full!);
    }

    public override void LoadStateDict(BinaryReader reader)
    {
        Step = reader.ReadInt64();
        LoadConditionalStateTensor(reader, ref Rows!, _parameter.device);
        LoadConditionalStateTensor(reader, ref Columns!, _parameter.device);
        LoadConditionalStateTensor(reader, ref Full!, _parameter.device);
    }

    public override void LoadStateDict(OptimizerState source)
    {
        var from = (AdafactorState)source;
        Dispose();
        Step = from.Step;
        Rows = Copy(from.Rows);
        Columns = Copy(from.Columns);
        Full = Copy(from.Full);
    }

    public override void to(Device device)
    {
        Rows = Rows?.to(device, disposeAfter: true).DetachFromDisposeScope();
        Columns = Columns?.to(device, disposeAfter: true).DetachFromDisposeScope();
        Full = Full?.to(device, disposeAfter: true).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        Rows?.Dispose();
        Columns?.Dispose();
        Full?.Dispose();
        (Rows, Columns, Full) = (null, null, null);
    }

    private static Tensor? Copy(Tensor? tensor) => tensor?.clone().DetachFromDisposeScope();
}
