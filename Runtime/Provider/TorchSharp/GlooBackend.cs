namespace GShard;

/// <summary>Gloo, which TorchSharp does not give access to.</summary>
internal static class GlooBackend
{
    public static ProcessBackend Create() => throw new LaunchException(
        "The TorchSharp packages give no access to Gloo; use GShard.Codegen.LibTorch, whose binding does (build with -p:TorchProvider=LibTorch), or ranks on threads (DeviceMesh.RunInProcess).");
}
