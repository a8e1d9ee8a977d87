using static TorchSharp.torch;

namespace GShard;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Begin">Its first byte in the file's data.</param>
/// <param name="End">The byte after its last.</param>
internal sealed record SafeTensorsEntry(string Name, ScalarType Dtype, long[] Shape, long Begin, long End);
