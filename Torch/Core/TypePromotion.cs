namespace TorchSharp;

public static partial class torch
{
    /// <summary>The smallest type that holds the values of both.</summary>
    public static ScalarType promote_types(ScalarType type1, ScalarType type2) => (ScalarType)Aten.promote_types.CallScalar(type1, type2).ToInt64();

    /// <summary>The element type that arithmetic on the two gives.</summary>
    public static ScalarType result_type(Tensor tensor1, Tensor tensor2) => (ScalarType)Aten.result_type_Tensor.CallScalar(tensor1, tensor2).ToInt64();

    public static bool can_cast(ScalarType from, ScalarType to) => Aten.can_cast.CallScalar(from, to).ToBoolean();
}
