namespace TorchSharp;

/// <summary>Until disposed, a backward pass names the forward operator whose gradient failed or became NaN.</summary>
public class AnomalyMode : IDisposable
{
    private readonly bool wasEnabled = IsEnabled, checkedNaN = ShouldCheckNaN;

    public AnomalyMode(bool enabled, bool check_nan = true) => LibTorch.ts_set_anomaly_mode(enabled ? 1 : 0, check_nan ? 1 : 0);

    public static bool IsEnabled => LibTorch.ts_anomaly_mode() != 0;

    public static bool ShouldCheckNaN => LibTorch.ts_anomaly_checks_nan() != 0;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => LibTorch.ts_set_anomaly_mode(wasEnabled ? 1 : 0, checkedNaN ? 1 : 0);
}
