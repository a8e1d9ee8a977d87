namespace GShard;

/// <summary>
/// Has the backward compute a method's values again instead of keeping them from the forward (GShard, section 4.3; PyTorch's
/// <c>checkpoint</c>): memory against time. On a class it means all methods, on a field of a TorchSharp module its calls; on a layer of a <c>ModuleList</c>, each layer keeps what it is
/// given. Kept are the method's arguments and results, the results of all-reduces, reduce-scatters and all-to-alls, so that none is
/// communicated again, those of other sharded modules, and the keys of random operators, which draw the same numbers again.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Field | AttributeTargets.Property, Inherited = false)]
public sealed class RematerializeAttribute : Attribute;
